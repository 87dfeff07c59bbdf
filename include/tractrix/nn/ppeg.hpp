// Pyramid position encoding of TransMIL and CMTA: depth-wise 7x7, 5x5 and 3x3 convolutions of the
// token grid, added to it.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "tractrix/nn/depthwise_conv.hpp"
#include "tractrix/nn/form.hpp"

namespace tractrix::nn {

struct PpegOptions {
  int64_t dim = 0;
  Form form = Form::reference;  // exact: the three kernels and the grid itself as one 7x7 kernel
};

class PpegImpl : public torch::nn::Module {
 public:
  explicit PpegImpl(const PpegOptions& options);
  // [B, 1 + height * width, dim]: a class token, which passes unchanged, and the grid row by row.
  at::Tensor forward(const at::Tensor& x, int64_t height, int64_t width);

 private:
  at::Tensor mix(const at::Tensor& tokens, int64_t height, int64_t width);
  at::Tensor mix_at_once(const at::Tensor& tokens, int64_t height, int64_t width);

  Form form_;
  DepthwiseConv proj_{nullptr}, proj1_{nullptr}, proj2_{nullptr};
};
TORCH_MODULE(Ppeg);

}  // namespace tractrix::nn
