#include "tractrix/nn/mlp.hpp"

#include <ATen/ATen.h>

#include <string>

namespace tractrix::nn {

at::Tensor activate(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::relu:
      return at::relu(x);
    case Activation::leaky_relu:
      return at::leaky_relu(x);
    case Activation::elu:
      return at::elu(x);
    case Activation::gelu:
      return at::gelu(x);
    case Activation::tanh:
      return at::tanh(x);
    case Activation::sigmoid:
      return at::sigmoid(x);
  }
  TORCH_CHECK(false, "unknown activation");
}

MlpImpl::MlpImpl(const MlpOptions& options) : options_(options) {
  TORCH_CHECK(options.widths.size() >= 2, "Mlp: needs an input and an output width");
  const size_t stride = options.dropout ? 3 : 2;
  for (size_t i = 0; i + 1 < options.widths.size(); ++i)
    layers_.push_back(register_module(std::to_string(i * stride),
                                      torch::nn::Linear(options.widths[i], options.widths[i + 1])));
}

at::Tensor MlpImpl::forward(at::Tensor x) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    x = layers_[i]->forward(x);
    if (options_.linear_end && i + 1 == layers_.size()) break;
    x = activate(options_.activation, x);
    if (options_.dropout) x = at::dropout(x, *options_.dropout, is_training());
  }
  return x;
}

}  // namespace tractrix::nn
