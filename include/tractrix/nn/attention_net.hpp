// Trunk and attention pooling of MCAT's AMIL, PORPOISE and CLAM: Linear, ReLU, Dropout, attention,
// weighted mean.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <optional>

#include "tractrix/nn/gated_attention.hpp"

namespace tractrix::nn {

struct AttentionNetOptions {
  int64_t in = 1024, hidden = 512, attention = 256;
  int64_t heads = 1;
  bool gated = true;
  double dropout = 0.25;                             // behind the trunk's ReLU
  std::optional<double> attention_dropout = {0.25};  // inside the attention
  double input_dropout = 0;                          // PORPOISE's dropinput
};

struct AttentionNetOutput {
  at::Tensor pooled;   // [heads, hidden]
  at::Tensor weights;  // [heads, N]
  at::Tensor scores;   // [heads, N], before the softmax
  at::Tensor rows;     // [N, hidden], behind the trunk
};

// Children "0" (trunk) and "3" (attention) as in the references' Sequential; "1" and "4" when
// input_dropout is above 0, where a Dropout comes first.
class AttentionNetImpl : public torch::nn::Module {
 public:
  explicit AttentionNetImpl(const AttentionNetOptions& options);
  AttentionNetOutput forward(at::Tensor bag);  // [N, in]

 private:
  AttentionNetOptions options_;
  torch::nn::Linear trunk_{nullptr};
  GatedAttention attention_{nullptr};
};
TORCH_MODULE(AttentionNet);

}  // namespace tractrix::nn
