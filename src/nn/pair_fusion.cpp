#include "tractrix/nn/pair_fusion.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {

PairFusion PairFusion::concat(torch::nn::Module& parent, int64_t dim) {
  PairFusion made;
  made.concat_ = parent.register_module("mm", Mlp(MlpOptions{.widths = {2 * dim, dim, dim}}));
  return made;
}

PairFusion PairFusion::bilinear(torch::nn::Module& parent, const BilinearFusionOptions& options) {
  PairFusion made;
  made.bilinear_ = parent.register_module("mm", BilinearFusion(options));
  return made;
}

PairFusion PairFusion::make(torch::nn::Module& parent, int64_t dim, bool bilinear, double dropout) {
  if (!bilinear) return concat(parent, dim);
  BilinearFusionOptions options{.in1 = dim, .in2 = dim};
  options.out = dim;
  options.dropout = dropout;
  return PairFusion::bilinear(parent, options);
}

at::Tensor PairFusion::forward(const at::Tensor& a, const at::Tensor& b) {
  return bilinear_ ? bilinear_->forward(a, b) : concat_->forward(at::cat({a, b}, 1));
}

}  // namespace tractrix::nn
