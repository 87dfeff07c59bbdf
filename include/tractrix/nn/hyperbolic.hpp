// Layers on the Poincare ball of curvature -c (Shimizu, Mukuta & Harada, ICLR 2021; HypLL 0.1.1,
// hypll/nn/modules/linear.py). The curvature is handed over with each call, so that layers can
// share one (geometry/curvature.hpp).
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace tractrix::nn {

struct HyperbolicLinearOptions {
  int64_t in = 0, out = 0;
  bool bias = true;
};

// Multinomial regression: scores of `out` hyperplanes, in units of a Euclidean layer's (twice <x,
// z> near the origin).
class HyperbolicRegressionImpl : public torch::nn::Module {
 public:
  explicit HyperbolicRegressionImpl(const HyperbolicLinearOptions& options);
  // Points [..., in], c one positive number -> scores [..., out].
  at::Tensor forward(const at::Tensor& x, const at::Tensor& c);

 private:
  at::Tensor z_;     // "z" [in, out], the orientations; columns of N(0, 1/(2 in out))
  at::Tensor bias_;  // "bias" [out], offsets along them; 0
};
TORCH_MODULE(HyperbolicRegression);

// The point whose distances to the axes' hyperplanes are the scores of a regression; kept within
// 1 - 1e-5 (float64) or 1 - 4e-3 (float32) of the radius.
class HyperbolicLinearImpl : public HyperbolicRegressionImpl {
 public:
  using HyperbolicRegressionImpl::HyperbolicRegressionImpl;
  at::Tensor forward(const at::Tensor& x, const at::Tensor& c);  // [..., in] -> [..., out]
};
TORCH_MODULE(HyperbolicLinear);

}  // namespace tractrix::nn
