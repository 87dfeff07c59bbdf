// Multi-head attention that returns its raw scores, as MCAT's and CMTA's copy of the torch 1.7
// function does: with stock layers only averaged softmax weights can be had. Layout (sequence,
// batch, channel).
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include "tractrix/nn/factored.hpp"
#include "tractrix/nn/form.hpp"

namespace tractrix::nn {

struct MultiheadAttentionOptions {
  int64_t dim = 256, heads = 1;
  double dropout = 0;  // on the softmax weights
  // exact: with one head and no dropout, the projections of the longer side are absorbed by the
  // shorter one, so that the longer side is multiplied by matrices of few columns only.
  Form form = Form::reference;
};

struct AttentionOutput {
  at::Tensor output;  // [L, B, dim]
  at::Tensor scores;  // [B, heads, L, S], q already scaled by head_dim^-0.5, before the softmax
};

// in_proj_weight [3 dim, dim] rows q | k | v, in_proj_bias, out_proj.weight, out_proj.bias. Initial
// values as torch's: Xavier-uniform over the packed matrix, biases 0, out_proj's weight as any
// Linear's.
class MultiheadAttentionImpl : public torch::nn::Module {
 public:
  explicit MultiheadAttentionImpl(const MultiheadAttentionOptions& options);
  // query [L, B, dim], key and value [S, B, dim].
  AttentionOutput forward(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value);
  // The output as softmax weights [B, L, S] times S rows: one head, no dropout. The weights of a
  // query add up to 1, so the output bias is part of the rows.
  Factored forward_factored(const at::Tensor& query, const at::Tensor& key,
                            const at::Tensor& value);

 private:
  at::Tensor scores_of_few(const at::Tensor& query, const at::Tensor& key);
  at::Tensor rows_of_few(const at::Tensor& value);
  AttentionOutput absorb_keys(const at::Tensor& query, const at::Tensor& key,
                              const at::Tensor& value);
  AttentionOutput absorb_queries(const at::Tensor& query, const at::Tensor& key,
                                 const at::Tensor& value);
  at::Tensor project(const at::Tensor& x,
                     int64_t third) const;  // [n, B, dim] -> [B, heads, n, dim / heads]

  MultiheadAttentionOptions options_;
  at::Tensor in_proj_weight_, in_proj_bias_;
  torch::nn::Linear out_proj_{nullptr};
};
TORCH_MODULE(MultiheadAttention);

}  // namespace tractrix::nn
