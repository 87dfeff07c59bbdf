#include "tractrix/nn/ppeg.hpp"

#include <ATen/ATen.h>

#include "tractrix/nn/few_attention.hpp"

namespace tractrix::nn {

PpegImpl::PpegImpl(const PpegOptions& options) : form_(options.form) {
  const auto square = [&options](int64_t size) {
    return DepthwiseConvOptions{options.dim, size, size, true};
  };
  proj_ = register_module("proj", DepthwiseConv(square(7)));
  proj1_ = register_module("proj1", DepthwiseConv(square(5)));
  proj2_ = register_module("proj2", DepthwiseConv(square(3)));
}

// The sum of the three convolutions and of x itself is one convolution.
at::Tensor PpegImpl::mix_at_once(const at::Tensor& tokens, int64_t height, int64_t width) {
  const auto kernels = [](DepthwiseConv& conv) { return conv->named_parameters(false); };
  const auto large = kernels(proj_), middle = kernels(proj1_), small = kernels(proj2_);
  const at::Tensor itself = at::zeros({1, 1, 7, 7}, large["weight"].options());
  itself.select(2, 3).select(2, 3).fill_(1);
  const at::Tensor kernel = large["weight"] + at::constant_pad_nd(middle["weight"], {1, 1, 1, 1}) +
                            at::constant_pad_nd(small["weight"], {2, 2, 2, 2}) + itself;
  return filter_grid(tokens, kernel, large["bias"] + middle["bias"] + small["bias"], height, width);
}

at::Tensor PpegImpl::mix(const at::Tensor& tokens, int64_t height, int64_t width) {
  const at::Tensor grid = tokens.transpose(1, 2).unflatten(2, {height, width});  // [B, D, H, W]
  const at::Tensor mixed =
      proj_->forward(grid) + grid + proj1_->forward(grid) + proj2_->forward(grid);
  return mixed.flatten(2).transpose(1, 2);
}

at::Tensor PpegImpl::forward(const at::Tensor& x, int64_t height, int64_t width) {
  TORCH_CHECK(x.dim() == 3 && x.size(1) == 1 + height * width,
              "Ppeg: x must be [B, 1 + height * width, D]");
  const at::Tensor tokens = x.narrow(1, 1, height * width);
  return at::cat({x.narrow(1, 0, 1), form_ == Form::exact ? mix_at_once(tokens, height, width)
                                                          : mix(tokens, height, width)},
                 1);
}

}  // namespace tractrix::nn
