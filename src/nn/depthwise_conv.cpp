#include "tractrix/nn/depthwise_conv.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "tractrix/nn/few_attention.hpp"

namespace tractrix::nn {

DepthwiseConvImpl::DepthwiseConvImpl(const DepthwiseConvOptions& options) : options_(options) {
  const auto [channels, height, width, bias] = options;
  TORCH_CHECK(height % 2 == 1 && width % 2 == 1, "DepthwiseConv: kernel sizes must be odd");
  const double bound = 1 / std::sqrt(static_cast<double>(height * width));
  weight_ =
      register_parameter("weight", at::empty({channels, 1, height, width}).uniform_(-bound, bound));
  if (bias) bias_ = register_parameter("bias", at::empty({channels}).uniform_(-bound, bound));
}

at::Tensor DepthwiseConvImpl::forward(const at::Tensor& x) {
  if (options_.width == 1 && !options_.bias && x.dim() == 4) return filter_rows(x, weight_);
  return at::conv2d(x, weight_, bias_, 1, {options_.height / 2, options_.width / 2}, 1,
                    options_.channels);
}

}  // namespace tractrix::nn
