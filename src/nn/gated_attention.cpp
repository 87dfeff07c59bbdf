#include "tractrix/nn/gated_attention.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {

GatedAttentionImpl::GatedAttentionImpl(const GatedAttentionOptions& options) {
  const auto [in, hidden, heads, gated, dropout] = options;
  if (!gated) {
    const MlpOptions plain{{in, hidden, heads}, Activation::tanh, dropout, true};
    plain_ = register_module("module", Mlp(plain));
    return;
  }
  signal_ =
      register_module("attention_a", Mlp(MlpOptions{{in, hidden}, Activation::tanh, dropout}));
  gate_ =
      register_module("attention_b", Mlp(MlpOptions{{in, hidden}, Activation::sigmoid, dropout}));
  score_ = register_module("attention_c", torch::nn::Linear(hidden, heads));
}

at::Tensor GatedAttentionImpl::forward(const at::Tensor& bag) {
  TORCH_CHECK(bag.dim() == 2, "GatedAttention: the bag must be [N, D]");
  if (plain_) return plain_->forward(bag);
  return score_->forward(signal_->forward(bag) * gate_->forward(bag));
}

}  // namespace tractrix::nn
