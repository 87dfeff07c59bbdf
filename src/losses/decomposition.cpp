#include "tractrix/losses/decomposition.hpp"

#include <ATen/ATen.h>

#include "tractrix/losses/discrete_survival.hpp"

namespace tractrix::losses {

at::Tensor squared_distance(const at::Tensor& a, const at::Tensor& b, RowReduction reduction) {
  const at::Tensor squares = (a - b).square();
  return (reduction == RowReduction::sum ? squares.sum(1) : squares.mean(1)).mean();
}

at::Tensor absolute_cosine(const at::Tensor& a, const at::Tensor& b, bool smooth) {
  const at::Tensor cosine = at::cosine_similarity(a, b, 1, 1e-8);
  return (smooth ? (cosine.square() + 1e-8).sqrt() : cosine.abs()).mean();
}

at::Tensor nll_as_printed(const at::Tensor& logits, const at::Tensor& bin,
                          const at::Tensor& event) {
  const Curve all = curve(logits);
  const at::Tensor column = bin.to(at::kLong).unsqueeze(1);
  const auto log_of = [&](const at::Tensor& table) {
    return table.gather(1, column).squeeze(1).clamp_min(kHazardFloor).log();
  };
  const at::Tensor seen = event.to(logits.scalar_type());
  return -(seen * log_of(all.hazards) + (1 - seen) * log_of(all.survival)).mean();
}

}  // namespace tractrix::losses
