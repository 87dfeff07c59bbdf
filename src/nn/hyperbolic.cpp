#include "tractrix/nn/hyperbolic.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "tractrix/geometry/poincare.hpp"

namespace tractrix::nn {

HyperbolicRegressionImpl::HyperbolicRegressionImpl(const HyperbolicLinearOptions& options) {
  TORCH_CHECK(options.in > 0 && options.out > 0, "HyperbolicRegression: needs widths above 0");
  const double deviation = 1 / std::sqrt(2.0 * static_cast<double>(options.in * options.out));
  z_ = register_parameter("z", deviation * at::randn({options.in, options.out}));
  if (options.bias) bias_ = register_parameter("bias", at::zeros({options.out}));
}

at::Tensor HyperbolicRegressionImpl::forward(const at::Tensor& x, const at::Tensor& c) {
  const at::Tensor offsets = bias_.defined() ? bias_ : at::zeros({z_.size(1)}, z_.options());
  return geometry::poincare::regression(x, z_, offsets, c);
}

at::Tensor HyperbolicLinearImpl::forward(const at::Tensor& x, const at::Tensor& c) {
  const at::Tensor scores = HyperbolicRegressionImpl::forward(x, c);
  return geometry::poincare::project(geometry::poincare::from_scores(scores, c), c);
}

}  // namespace tractrix::nn
