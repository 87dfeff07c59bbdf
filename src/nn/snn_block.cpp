#include "tractrix/nn/snn_block.hpp"

#include <ATen/ATen.h>

#include <string>

namespace tractrix::nn {

SnnBlockImpl::SnnBlockImpl(const SnnBlockOptions& options) : options_(options) {
  linear_ = register_module("0", torch::nn::Linear(options.in, options.out));
}

at::Tensor SnnBlockImpl::forward(const at::Tensor& x) {
  const at::Tensor y = linear_->forward(x);
  if (options_.unit == Unit::mlp) return at::dropout(at::relu(y), options_.dropout, is_training());
  return at::alpha_dropout(at::elu(y), options_.dropout, is_training());
}

SnnImpl::SnnImpl(const SnnOptions& options) {
  TORCH_CHECK(options.widths.size() >= 2, "Snn: needs an input and an output width");
  for (size_t i = 0; i + 1 < options.widths.size(); ++i) {
    const SnnBlockOptions block{options.widths[i], options.widths[i + 1], options.dropout,
                                options.unit};
    blocks_.push_back(register_module(std::to_string(i), SnnBlock(block)));
  }
}

at::Tensor SnnImpl::forward(at::Tensor x) {
  for (auto& block : blocks_) x = block->forward(x);
  return x;
}

}  // namespace tractrix::nn
