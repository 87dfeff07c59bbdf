#include "tractrix/nn/transformer_encoder.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

namespace tractrix::nn {

TransformerEncoderLayerImpl::TransformerEncoderLayerImpl(const TransformerEncoderOptions& options)
    : options_(options) {
  const MultiheadAttentionOptions attention{options.dim, options.heads, options.dropout};
  const torch::nn::LayerNormOptions norm({options.dim});
  self_attn_ = register_module("self_attn", MultiheadAttention(attention));
  linear1_ = register_module("linear1", torch::nn::Linear(options.dim, options.feedforward));
  linear2_ = register_module("linear2", torch::nn::Linear(options.feedforward, options.dim));
  norm1_ = register_module("norm1", torch::nn::LayerNorm(norm));
  norm2_ = register_module("norm2", torch::nn::LayerNorm(norm));
}

at::Tensor TransformerEncoderLayerImpl::attend(const at::Tensor& x) {
  return at::dropout(self_attn_->forward(x, x, x).output, options_.dropout, is_training());
}

at::Tensor TransformerEncoderLayerImpl::feed(const at::Tensor& x) {
  const at::Tensor inner = at::dropout(activate(options_.activation, linear1_->forward(x)),
                                       options_.dropout, is_training());
  return at::dropout(linear2_->forward(inner), options_.dropout, is_training());
}

at::Tensor TransformerEncoderLayerImpl::forward(at::Tensor x) {
  if (options_.norm_first) {
    x = x + attend(norm1_->forward(x));
    return x + feed(norm2_->forward(x));
  }
  x = norm1_->forward(x + attend(x));
  return norm2_->forward(x + feed(x));
}

// Only the last row asks; all rows answer.
at::Tensor TransformerEncoderLayerImpl::attend_last(const at::Tensor& x) {
  const at::Tensor last = x.narrow(0, x.size(0) - 1, 1);
  return at::dropout(self_attn_->forward(last, x, x).output, options_.dropout, is_training());
}

at::Tensor TransformerEncoderLayerImpl::forward_last(const at::Tensor& x) {
  const at::Tensor last = x.narrow(0, x.size(0) - 1, 1);
  if (options_.norm_first) {
    const at::Tensor y = last + attend_last(norm1_->forward(x));
    return y + feed(norm2_->forward(y));
  }
  const at::Tensor y = norm1_->forward(last + attend_last(x));
  return norm2_->forward(y + feed(y));
}

TransformerEncoderImpl::TransformerEncoderImpl(const TransformerEncoderOptions& options) {
  torch::nn::ModuleList list;
  for (int64_t i = 0; i < options.layers; ++i) {
    layers_.emplace_back(options);
    list->push_back(layers_.back());
  }
  register_module("layers", list);
  at::NoGradGuard no_grad;
  for (size_t i = 1; i < layers_.size(); ++i) {
    const auto from = layers_[0]->parameters(), to = layers_[i]->parameters();
    for (size_t p = 0; p < from.size(); ++p) to[p].copy_(from[p]);
  }
}

at::Tensor TransformerEncoderImpl::forward(at::Tensor x) {
  for (auto& layer : layers_) x = layer->forward(x);
  return x;
}

}  // namespace tractrix::nn
