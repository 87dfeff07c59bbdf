#include "tractrix/nn/ppeg.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {

PpegImpl::PpegImpl(const PpegOptions& options) : form_(options.form) {
  const auto square = [&options](int64_t size) {
    return DepthwiseConvOptions{options.dim, size, size, true};
  };
  proj_ = register_module("proj", DepthwiseConv(square(7)));
  proj1_ = register_module("proj1", DepthwiseConv(square(5)));
  proj2_ = register_module("proj2", DepthwiseConv(square(3)));
}

at::Tensor PpegImpl::mix_at_once(const at::Tensor& grid) {
  const auto kernels = [](DepthwiseConv& conv) { return conv->named_parameters(false); };
  const auto large = kernels(proj_), middle = kernels(proj1_), small = kernels(proj2_);
  const at::Tensor itself = at::zeros({1, 1, 7, 7}, grid.options());
  itself.select(2, 3).select(2, 3).fill_(1);
  const at::Tensor kernel = large["weight"] + at::constant_pad_nd(middle["weight"], {1, 1, 1, 1}) +
                            at::constant_pad_nd(small["weight"], {2, 2, 2, 2}) + itself;
  return at::conv2d(grid, kernel, large["bias"] + middle["bias"] + small["bias"], 1, 3, 1,
                    grid.size(1));
}

at::Tensor PpegImpl::forward(const at::Tensor& x, int64_t height, int64_t width) {
  TORCH_CHECK(x.dim() == 3 && x.size(1) == 1 + height * width,
              "Ppeg: x must be [B, 1 + height * width, D]");
  const at::Tensor grid =
      x.narrow(1, 1, height * width).transpose(1, 2).unflatten(2, {height, width});  // [B, D, H, W]
  const at::Tensor mixed = form_ == Form::exact ? mix_at_once(grid)
                                                : proj_->forward(grid) + grid +
                                                      proj1_->forward(grid) + proj2_->forward(grid);
  return at::cat({x.narrow(1, 0, 1), mixed.flatten(2).transpose(1, 2)}, 1);
}

}  // namespace tractrix::nn
