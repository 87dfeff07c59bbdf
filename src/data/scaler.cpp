#include "tractrix/data/scaler.hpp"

#include <ATen/ATen.h>

#include <limits>

namespace tractrix::data {

Scaler Scaler::fit(const at::Tensor& rows) {
  const auto present = rows.isnan().logical_not();
  const auto n = present.sum(0).to(at::kDouble).clamp_min(1);
  const auto zeroed = rows.nan_to_num(0.0);
  auto mean = zeroed.sum(0) / n;
  // Two passes: one pass loses digits where a gene's mean is large against its spread.
  const auto centred = (zeroed - mean) * present;
  auto variance = (centred.square().sum(0) - centred.sum(0).square() / n) / n;
  const double eps = std::numeric_limits<double>::epsilon();
  const auto bound = n * eps * variance + (n * mean * eps).square();
  auto scale = at::where(variance <= bound, at::ones_like(variance), variance.clamp_min(0).sqrt());
  return {mean, scale};
}

at::Tensor Scaler::apply(const at::Tensor& rows) const { return (rows - mean) / scale; }

}  // namespace tractrix::data
