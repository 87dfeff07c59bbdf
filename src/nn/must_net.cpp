#include "tractrix/nn/must_net.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {
namespace must_detail {

Mlp make_head(const MustOptions& options) {
  const int64_t in = 3 * options.trunk.dim;
  MlpOptions head{.widths = {in, options.head_hidden, options.classes},
                  .dropout = options.head_dropout,
                  .linear_end = true};
  if (options.head_hidden == 0) head.widths = {in, options.classes};
  return Mlp(head);
}

}  // namespace must_detail

CrossAttentionImpl::CrossAttentionImpl(int64_t dim, int64_t heads, bool residual, Form form)
    : residual_(residual), factors_(heads == 1 && !residual && form == Form::exact) {
  const torch::nn::LayerNormOptions norm({dim});
  query_norm_ = register_module("query_norm", torch::nn::LayerNorm(norm));
  value_norm_ = register_module("value_norm", torch::nn::LayerNorm(norm));
  attn_ = register_module("attn", MultiheadAttention(MultiheadAttentionOptions{
                                      .dim = dim, .heads = heads, .form = form}));
}

at::Tensor CrossAttentionImpl::forward(const at::Tensor& query, const at::Tensor& value) {
  const at::Tensor q = query_norm_->forward(query).transpose(0, 1),
                   v = value_norm_->forward(value).transpose(0, 1);
  const at::Tensor found = attn_->forward(q, v, v).output.transpose(0, 1);
  return residual_ ? query + found : found;
}

Factored CrossAttentionImpl::forward_factored(const at::Tensor& query, const at::Tensor& value) {
  const at::Tensor q = query_norm_->forward(query).transpose(0, 1),
                   v = value_norm_->forward(value).transpose(0, 1);
  return attn_->forward_factored(q, v, v);
}

MustNetImpl::MustNetImpl(const MustOptions& options) : options_(options) {
  const int64_t dim = options.trunk.dim;
  const bool cross = options.query == CrossQuery::tokens;
  p_ = register_module("p", TokenTrunks(options.p, options.trunk, cross));
  g_ = register_module("g", TokenTrunks(options.g, options.trunk, cross));
  const auto attention = [&] {
    return CrossAttention(dim, options.cross_heads, options.cross_residual, options.trunk.form);
  };
  p_from_g_ = register_module("p_from_g", attention());
  g_from_p_ = register_module("g_from_p", attention());
  subspace_ =
      register_module("subspace", Subspace(SubspaceOptions{dim, options.rank, options.subspace}));
  phi_ = register_module("phi", must_detail::make_head(options));
  if (!options.warmup_heads) return;
  phi_p_ = register_module("phi_p", must_detail::make_head(options));
  phi_g_ = register_module("phi_g", must_detail::make_head(options));
}

at::Tensor MustNetImpl::shared(TokenTrunks& of_query, CrossAttention& cross,
                               const at::Tensor& query, const at::Tensor& value) {
  if (options_.query == CrossQuery::class_token) {
    const at::Tensor token = of_query->token(TrunkRole::cross);  // [1, dim]
    return cross->forward(token.expand({query.size(0), 1, -1}), value).squeeze(1);
  }
  // Many queries and few values: the answers are mixtures of a few rows.
  if (cross->factors() && options_.trunk.form == Form::exact && query.size(1) > value.size(1))
    return of_query->forward(TrunkRole::cross, cross->forward_factored(query, value));
  return of_query->forward(TrunkRole::cross, cross->forward(query, value));
}

MustParts MustNetImpl::forward_whole(const at::Tensor& p, const at::Tensor& g) {
  MustParts parts;
  if (p.defined()) parts.g_p = p_->forward(TrunkRole::whole, p_->embed(p));
  if (g.defined()) parts.g_g = g_->forward(TrunkRole::whole, g_->embed(g));
  return parts;
}

MustParts MustNetImpl::forward(const at::Tensor& p, const at::Tensor& g) {
  const at::Tensor basis = subspace_->basis();
  MustParts parts;
  const at::Tensor of_p = p.defined() ? p_->embed(p) : at::Tensor();
  const at::Tensor of_g = g.defined() ? g_->embed(g) : at::Tensor();
  if (of_p.defined()) {
    parts.g_p = p_->forward(TrunkRole::whole, of_p);
    parts.u_p = project_off(basis, p_->forward(TrunkRole::own, of_p));
  }
  if (of_g.defined()) {
    parts.g_g = g_->forward(TrunkRole::whole, of_g);
    parts.u_g = project_off(basis, g_->forward(TrunkRole::own, of_g));
  }
  if (!of_p.defined() || !of_g.defined()) return parts;
  parts.c_pg = project_onto(basis, shared(p_, p_from_g_, of_p, of_g));
  parts.c_gp = project_onto(basis, shared(g_, g_from_p_, of_g, of_p));
  return parts;
}

at::Tensor MustNetImpl::classify(const at::Tensor& u_p, const at::Tensor& c,
                                 const at::Tensor& u_g) {
  return phi_->forward(at::cat({u_p, c, u_g}, 1));
}

at::Tensor MustNetImpl::classify_warmup(const at::Tensor& x, bool is_p) {
  if (!options_.warmup_heads) return phi_->forward(x);
  return (is_p ? phi_p_ : phi_g_)->forward(x);
}

at::Tensor MustNetImpl::token_u(bool is_p) const { return (is_p ? p_ : g_)->token(TrunkRole::own); }

std::vector<std::string> MustNetImpl::warmup_prefixes() const {
  std::vector<std::string> all{"phi"};
  for (const auto& prefix : p_->whole_prefixes()) all.push_back("p." + prefix);
  for (const auto& prefix : g_->whole_prefixes()) all.push_back("g." + prefix);
  return all;
}

}  // namespace tractrix::nn
