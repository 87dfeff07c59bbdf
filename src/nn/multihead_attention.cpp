#include "tractrix/nn/multihead_attention.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace tractrix::nn {

MultiheadAttentionImpl::MultiheadAttentionImpl(const MultiheadAttentionOptions& options)
    : options_(options) {
  const int64_t dim = options.dim;
  TORCH_CHECK(options.heads > 0 && dim % options.heads == 0,
              "MultiheadAttention: dim must be a multiple of heads");
  in_proj_weight_ = register_parameter("in_proj_weight", at::empty({3 * dim, dim}));
  in_proj_bias_ = register_parameter("in_proj_bias", at::zeros({3 * dim}));
  out_proj_ = register_module("out_proj", torch::nn::Linear(dim, dim));
  at::NoGradGuard no_grad;
  const double bound = std::sqrt(6.0 / static_cast<double>(4 * dim));
  in_proj_weight_.uniform_(-bound, bound);
  out_proj_->bias.zero_();
}

at::Tensor MultiheadAttentionImpl::project(const at::Tensor& x, int64_t third) const {
  const int64_t dim = options_.dim, heads = options_.heads;
  const at::Tensor y = at::linear(x, in_proj_weight_.narrow(0, third * dim, dim),
                                  in_proj_bias_.narrow(0, third * dim, dim));
  return y.reshape({x.size(0), x.size(1), heads, dim / heads}).permute({1, 2, 0, 3});
}

AttentionOutput MultiheadAttentionImpl::forward(const at::Tensor& query, const at::Tensor& key,
                                                const at::Tensor& value) {
  TORCH_CHECK(query.dim() == 3 && key.dim() == 3 && key.sizes() == value.sizes() &&
                  query.size(1) == key.size(1),
              "MultiheadAttention: query must be [L, B, D], key and value [S, B, D]");
  const double scale = 1 / std::sqrt(static_cast<double>(options_.dim / options_.heads));
  const at::Tensor q = project(query, 0) * scale, k = project(key, 1), v = project(value, 2);
  const at::Tensor scores = q.matmul(k.transpose(2, 3));  // [B, heads, L, S]
  const at::Tensor weights = at::dropout(scores.softmax(3), options_.dropout, is_training());
  const at::Tensor mixed = weights.matmul(v).permute({2, 0, 1, 3}).flatten(2);  // [L, B, dim]
  return {out_proj_->forward(mixed), scores};
}

}  // namespace tractrix::nn
