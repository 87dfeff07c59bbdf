// Cross-modal attention as the CMTA paper writes it (Zhou & Chen, ICCV 2023, equations 9-12): both
// directions use the same two projections U and V, so that their maps are transposes of each other
// before the softmax; a value matrix per direction, no output projection and no bias. The released
// code has two separate attentions with eight matrices instead (specs D-24).
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

#include "tractrix/nn/factored.hpp"

namespace tractrix::nn {

struct SharedCrossOutput {
  // softmax over the K groups of S = (P U)(G V)^T / sqrt(dim), times G W_g: one row per patch.
  Factored from_genes;      // product [1, N, dim]
  at::Tensor from_patches;  // softmax over the N patches of S^T, times P W_p: [1, K, dim]
  at::Tensor scores;        // S [1, N, K]
};

// Children u, v, w_p, w_g, all [dim, dim] without bias.
class SharedCrossAttentionImpl : public torch::nn::Module {
 public:
  explicit SharedCrossAttentionImpl(int64_t dim);
  // patches [1, N, dim], groups [1, K, dim]. The N patches are multiplied by matrices of K columns
  // only: P U (G V)^T = P (U V^T G^T), and the weighted sum of patches is taken before W_p.
  SharedCrossOutput forward(const at::Tensor& patches, const at::Tensor& groups);

 private:
  int64_t dim_;
  torch::nn::Linear u_{nullptr}, v_{nullptr}, w_p_{nullptr}, w_g_{nullptr};
};
TORCH_MODULE(SharedCrossAttention);

}  // namespace tractrix::nn
