// Attention scores over the rows of a bag (Ilse et al. 2018, equations 8 and 9), as CLAM's
// Attn_Net_Gated and Attn_Net.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <optional>

#include "tractrix/nn/mlp.hpp"

namespace tractrix::nn {

struct GatedAttentionOptions {
  int64_t in = 0, hidden = 256;
  int64_t heads = 1;  // score columns
  bool gated = true;
  // Behind tanh and sigmoid; unset: no such layers. The references use 0.25 or none.
  std::optional<double> dropout = {};
};

// gated: c(tanh(a x) * sigmoid(b x)) under attention_a.0, attention_b.0, attention_c; plain: one
// Sequential, module.0 and module.2 (module.3 with dropout).
class GatedAttentionImpl : public torch::nn::Module {
 public:
  explicit GatedAttentionImpl(const GatedAttentionOptions& options);
  at::Tensor forward(const at::Tensor& bag);  // [N, in] -> scores [N, heads]

 private:
  Mlp signal_{nullptr}, gate_{nullptr}, plain_{nullptr};
  torch::nn::Linear score_{nullptr};
};
TORCH_MODULE(GatedAttention);

}  // namespace tractrix::nn
