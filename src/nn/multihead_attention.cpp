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

// Many queries, few keys: (x Wq + bq) k = x (Wq k) + bq k, and (a v) Wo = a (v Wo).
at::Tensor MultiheadAttentionImpl::scores_of_few(const at::Tensor& query, const at::Tensor& key) {
  const double scale = 1 / std::sqrt(static_cast<double>(options_.dim));
  const at::Tensor k = project(key, 1).squeeze(1) * scale;
  const at::Tensor weight = in_proj_weight_.narrow(0, 0, options_.dim);
  const at::Tensor bias = in_proj_bias_.narrow(0, 0, options_.dim);
  return query.transpose(0, 1).matmul(k.matmul(weight).transpose(1, 2)) +
         k.matmul(bias).unsqueeze(1);  // [B, L, S]
}

at::Tensor MultiheadAttentionImpl::rows_of_few(const at::Tensor& value) {
  return project(value, 2).squeeze(1).matmul(out_proj_->weight.t());  // [B, S, dim]
}

AttentionOutput MultiheadAttentionImpl::absorb_keys(const at::Tensor& query, const at::Tensor& key,
                                                    const at::Tensor& value) {
  const at::Tensor scores = scores_of_few(query, key);
  const at::Tensor mixed = scores.softmax(2).matmul(rows_of_few(value));
  return {mixed.transpose(0, 1) + out_proj_->bias, scores.unsqueeze(1)};
}

Factored MultiheadAttentionImpl::forward_factored(const at::Tensor& query, const at::Tensor& key,
                                                  const at::Tensor& value) {
  TORCH_CHECK(options_.heads == 1 && options_.dropout == 0,
              "MultiheadAttention: factors are those of one head without dropout");
  return {scores_of_few(query, key).softmax(2), rows_of_few(value) + out_proj_->bias};
}

// Few queries, many keys: q (x Wk + bk) = (q Wk) x + q bk, and a (x Wv + bv) = (a x) Wv + bv, as
// the weights of a query add up to 1.
AttentionOutput MultiheadAttentionImpl::absorb_queries(const at::Tensor& query,
                                                       const at::Tensor& key,
                                                       const at::Tensor& value) {
  const int64_t dim = options_.dim;
  const double scale = 1 / std::sqrt(static_cast<double>(dim));
  const at::Tensor q = project(query, 0).squeeze(1) * scale;  // [B, L, dim]
  const at::Tensor scores =
      q.matmul(in_proj_weight_.narrow(0, dim, dim)).matmul(key.permute({1, 2, 0})) +
      q.matmul(in_proj_bias_.narrow(0, dim, dim)).unsqueeze(2);  // [B, L, S]
  const at::Tensor gathered = scores.softmax(2).matmul(value.transpose(0, 1));
  const at::Tensor mixed = at::linear(gathered, in_proj_weight_.narrow(0, 2 * dim, dim),
                                      in_proj_bias_.narrow(0, 2 * dim, dim));
  return {out_proj_->forward(mixed).transpose(0, 1), scores.unsqueeze(1)};
}

AttentionOutput MultiheadAttentionImpl::forward(const at::Tensor& query, const at::Tensor& key,
                                                const at::Tensor& value) {
  TORCH_CHECK(query.dim() == 3 && key.dim() == 3 && key.sizes() == value.sizes() &&
                  query.size(1) == key.size(1),
              "MultiheadAttention: query must be [L, B, D], key and value [S, B, D]");
  if (options_.form == Form::exact && options_.heads == 1 && options_.dropout == 0) {
    return query.size(0) > key.size(0) ? absorb_keys(query, key, value)
                                       : absorb_queries(query, key, value);
  }
  const double scale = 1 / std::sqrt(static_cast<double>(options_.dim / options_.heads));
  const at::Tensor q = project(query, 0) * scale, k = project(key, 1), v = project(value, 2);
  const at::Tensor scores = q.matmul(k.transpose(2, 3));  // [B, heads, L, S]
  const at::Tensor weights = at::dropout(scores.softmax(3), options_.dropout, is_training());
  const at::Tensor mixed = weights.matmul(v).permute({2, 0, 1, 3}).flatten(2);  // [L, B, dim]
  return {out_proj_->forward(mixed), scores};
}

}  // namespace tractrix::nn
