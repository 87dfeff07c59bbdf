// The network of MUST (Kim & Hwang, arXiv 2603.26071): each modality's vector g is split into a
// part u of its own and a part c that the other one shares, by a learned low-rank subspace; the
// head sees [u_P; c; u_G]. No code was published: what the text leaves open is an option here, with
// the reading that docs/must.md explains as default. P and G are the first and second modality;
// X<-Y means queries from X, values from Y.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/multihead_attention.hpp"
#include "tractrix/nn/subspace.hpp"
#include "tractrix/nn/token_trunk.hpp"

namespace tractrix::nn {

enum class CrossQuery { tokens, class_token };

struct MustOptions {
  TokenTrunkOptions trunk;  // of both; the modalities below say what its tokens are
  TokensOf p, g;
  CrossQuery query = CrossQuery::tokens;  // class_token: Eq. 7 with one row of queries, no trunk
  int64_t cross_heads = 1;
  bool cross_residual = false;
  int64_t rank = 64;
  SubspaceKind subspace = SubspaceKind::householder;
  int64_t head_hidden = 256;  // 0: a single Linear
  double head_dropout = 0.25;
  bool warmup_heads = false;  // own heads of the first stage, [g; noise] each
  int64_t classes = 4;
};

// [B, dim] each; u and c are projected (Eq. 9). Undefined where a modality is missing; c needs
// both.
struct MustParts {
  at::Tensor g_p, u_p, c_gp;  // of P's own and shared part: g_p = u_p + c_gp (Eq. 10)
  at::Tensor g_g, u_g, c_pg;
};

// Attention of one modality's tokens over the other's behind a LayerNorm on each side (Eq. 7).
class CrossAttentionImpl : public torch::nn::Module {
 public:
  CrossAttentionImpl(int64_t dim, int64_t heads, bool residual, Form form);
  // [B, n, dim], [B, m, dim] -> [B, n, dim]
  at::Tensor forward(const at::Tensor& query, const at::Tensor& value);
  bool factors() const { return factors_; }
  Factored forward_factored(const at::Tensor& query, const at::Tensor& value);

 private:
  bool residual_, factors_;
  torch::nn::LayerNorm query_norm_{nullptr}, value_norm_{nullptr};
  MultiheadAttention attn_{nullptr};
};
TORCH_MODULE(CrossAttention);

// Children p and g (tokens, trunks g, u, c), p_from_g, g_from_p, subspace, phi (, phi_p, phi_g).
class MustNetImpl : public torch::nn::Module {
 public:
  explicit MustNetImpl(const MustOptions& options);
  // Inputs as TokensOf says, undefined: missing.
  MustParts forward(const at::Tensor& p, const at::Tensor& g);
  // g alone, before there is a subspace (first stage); undefined where missing.
  MustParts forward_whole(const at::Tensor& p, const at::Tensor& g);
  at::Tensor classify(const at::Tensor& u_p, const at::Tensor& c, const at::Tensor& u_g);  // phi
  // Heads of the first stage: warmup_heads' own, x [B, 3 dim].
  at::Tensor classify_warmup(const at::Tensor& x, bool is_p);
  at::Tensor token_u(bool is_p) const;  // [1, dim], learned class token of u_P or u_G
  Subspace& subspace() { return subspace_; }
  // Prefixes of the parameters that the first stage trains.
  std::vector<std::string> warmup_prefixes() const;

 private:
  at::Tensor shared(TokenTrunks& of_query, CrossAttention& cross, const at::Tensor& query,
                    const at::Tensor& value);

  MustOptions options_;
  TokenTrunks p_{nullptr}, g_{nullptr};
  CrossAttention p_from_g_{nullptr}, g_from_p_{nullptr};
  Subspace subspace_{nullptr};
  Mlp phi_{nullptr}, phi_p_{nullptr}, phi_g_{nullptr};
};
TORCH_MODULE(MustNet);

}  // namespace tractrix::nn
