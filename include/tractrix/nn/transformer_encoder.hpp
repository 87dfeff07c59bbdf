// torch's TransformerEncoderLayer and TransformerEncoder, as used by MCAT: own blocks, because the
// C++ frontend's lack options and their mask handling differs. Layout (sequence, batch, channel),
// no positional encoding, no final norm.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/multihead_attention.hpp"

namespace tractrix::nn {

struct TransformerEncoderOptions {
  int64_t dim = 256, heads = 8, feedforward = 512;
  double dropout = 0.25;  // attention weights included
  bool norm_first = false;
  Activation activation = Activation::relu;
  int64_t layers = 2;
};

// norm last: x = N1(x + A(x)); x = N2(x + F(x)). norm first: x = x + A(N1(x)); x = x + F(N2(x)).
class TransformerEncoderLayerImpl : public torch::nn::Module {
 public:
  explicit TransformerEncoderLayerImpl(const TransformerEncoderOptions& options);
  at::Tensor forward(at::Tensor x);              // [L, B, dim]
  at::Tensor forward_last(const at::Tensor& x);  // [1, B, dim], the last row of forward(x)

 private:
  at::Tensor attend(const at::Tensor& x);
  at::Tensor attend_last(const at::Tensor& x);
  at::Tensor feed(const at::Tensor& x);

  TransformerEncoderOptions options_;
  MultiheadAttention self_attn_{nullptr};
  torch::nn::Linear linear1_{nullptr}, linear2_{nullptr};
  torch::nn::LayerNorm norm1_{nullptr}, norm2_{nullptr};
};
TORCH_MODULE(TransformerEncoderLayer);

// layers.0, layers.1, ...: all start from the same weights, as torch's deep copies of one prototype
// do.
class TransformerEncoderImpl : public torch::nn::Module {
 public:
  explicit TransformerEncoderImpl(const TransformerEncoderOptions& options);
  at::Tensor forward(at::Tensor x);  // [L, B, dim]

 private:
  std::vector<TransformerEncoderLayer> layers_;
};
TORCH_MODULE(TransformerEncoder);

}  // namespace tractrix::nn
