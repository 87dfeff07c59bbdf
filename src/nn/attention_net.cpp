#include "tractrix/nn/attention_net.hpp"

#include <ATen/ATen.h>

#include "tractrix/nn/pooling.hpp"

namespace tractrix::nn {

AttentionNetImpl::AttentionNetImpl(const AttentionNetOptions& options) : options_(options) {
  const bool shifted = options.input_dropout > 0;
  trunk_ = register_module(shifted ? "1" : "0", torch::nn::Linear(options.in, options.hidden));
  const GatedAttentionOptions attention{options.hidden, options.attention, options.heads,
                                        options.gated, options.attention_dropout};
  attention_ = register_module(shifted ? "4" : "3", GatedAttention(attention));
}

AttentionNetOutput AttentionNetImpl::forward(at::Tensor bag) {
  if (options_.input_dropout > 0) bag = at::dropout(bag, options_.input_dropout, is_training());
  at::Tensor rows = at::relu(trunk_->forward(bag));  // [N, hidden]
  rows = at::dropout(rows, options_.dropout, is_training());
  const at::Tensor scores = attention_->forward(rows);  // [N, heads]
  const AttentionPooled pooled = attention_pool(rows, scores);
  return {pooled.pooled, pooled.weights, scores.t(), rows};
}

}  // namespace tractrix::nn
