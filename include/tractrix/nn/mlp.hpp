// Linear, activation, dropout, repeated; children under the names of a torch Sequential that holds
// the same layers.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <optional>
#include <vector>

namespace tractrix::nn {

// leaky_relu: slope 0.01 below 0.
enum class Activation { relu, leaky_relu, elu, gelu, tanh, sigmoid };
at::Tensor activate(Activation activation, const at::Tensor& x);

struct MlpOptions {
  std::vector<int64_t> widths;  // input, every layer's output
  Activation activation = Activation::relu;
  // Behind every activation. Unset: no such layer, so the next Linear has the index of the one
  // before plus 2; set (also to 0): plus 3.
  std::optional<double> dropout = {};
  bool linear_end = false;  // nothing behind the last Linear
};

class MlpImpl : public torch::nn::Module {
 public:
  explicit MlpImpl(const MlpOptions& options);
  at::Tensor forward(at::Tensor x);  // [..., widths.front()] -> [..., widths.back()]

 private:
  MlpOptions options_;
  std::vector<torch::nn::Linear> layers_;
};
TORCH_MODULE(Mlp);

}  // namespace tractrix::nn
