// Depth-wise convolution with zero padding that keeps the size: PPEG's kernels, the residual of the
// Nystrom attention.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace tractrix::nn {

struct DepthwiseConvOptions {
  int64_t channels = 0, height = 1, width = 1;  // odd kernel sizes
  bool bias = true;
};

// weight [C, 1, height, width], bias [C]; initial values as torch's Conv2d.
class DepthwiseConvImpl : public torch::nn::Module {
 public:
  explicit DepthwiseConvImpl(const DepthwiseConvOptions& options);
  at::Tensor forward(const at::Tensor& x);  // [B, C, H, W] -> the same

 private:
  DepthwiseConvOptions options_;
  at::Tensor weight_, bias_;
};
TORCH_MODULE(DepthwiseConv);

}  // namespace tractrix::nn
