// Properties of CMTA's options that no golden case pins.
#include "tractrix/nn/cmta_net.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace cmta_net_cases {

CmtaOptions small() {
  CmtaOptions options;
  options.patch_columns = 10;
  options.groups = {{0, 1}, {2}, {1, 3}};
  options.dim = 32;
  options.gene_hidden = 16;
  return options;
}

std::vector<std::string> names_of(const torch::nn::Module& module) {
  std::vector<std::string> all;
  for (const auto& item : module.named_parameters()) all.push_back(item.key());
  return all;
}

bool any_starts(const std::vector<std::string>& names, const std::string& prefix) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name.starts_with(prefix); });
}

TEST(CmtaNet, HasTheReferencesParameterCounts) {
  CmtaOptions options;
  int64_t column = 0;
  for (const int64_t size : {3, 5, 7, 11, 13, 17}) {
    options.groups.emplace_back();
    for (int64_t i = 0; i < size; ++i) options.groups.back().push_back(column++);
  }
  const auto count = [](const CmtaOptions& o) {
    CmtaNet net(o);
    int64_t sum = 0;
    for (const auto& p : net->parameters()) sum += p.numel();
    return sum;
  };
  EXPECT_EQ(count(options), 4843076);
  options.bilinear = true;
  EXPECT_EQ(count(options), 5042180);
  options.bilinear = false;
  options.large = true;
  EXPECT_EQ(count(options), 17766212);
}

TEST(CmtaNet, AblationsLeaveOutTheirLayers) {
  EXPECT_TRUE(any_starts(names_of(*CmtaNet(small())), "pathomics_decoder.pos_layer."));
  CmtaOptions options = small();
  options.positions = options.cross_attention = false;
  CmtaNet net(options);
  net->eval();
  const auto names = names_of(*net);
  EXPECT_FALSE(any_starts(names, "pathomics_encoder.pos_layer."));
  EXPECT_FALSE(any_starts(names, "P_in_G_Att."));
  EXPECT_FALSE(any_starts(names, "G_in_P_Att."));
  // Without positions and attention between modalities, the genes alone decide p_hat.
  const at::Tensor genes = at::randn({1, 4});
  const CmtaOutput a = net->forward(at::randn({6, 10}), genes),
                   b = net->forward(at::randn({6, 10}), genes);
  EXPECT_TRUE(at::equal(a.p_hat, b.p_hat));
  EXPECT_FALSE(at::equal(a.g_hat, b.g_hat));
}

// ---- the paper's equations

at::Tensor random_input(const char* name, at::IntArrayRef shape) {
  return normal(Seed(23).at(name), shape);
}

// Every way the paper differs from the code, alone and all together.
std::vector<CmtaOptions> paper_forms() {
  std::vector<CmtaOptions> all(6, small());
  all[0].linear_embeddings = true;
  all[1].shared_attention = true;
  all[2].without_final_norm = true;
  all[3].without_repeats = true;
  all[4].full_genes = true;
  for (bool CmtaOptions::*const option :
       {&CmtaOptions::linear_embeddings, &CmtaOptions::shared_attention,
        &CmtaOptions::without_final_norm, &CmtaOptions::without_repeats, &CmtaOptions::full_genes})
    all[5].*option = true;
  return all;
}

TEST(CmtaNet, ThePapersDifferencesEachChangeTheNetworkAlone) {
  const at::Tensor bag = random_input("bag", {7, 10}).to(at::kFloat),
                   genes = random_input("genes", {1, 4}).to(at::kFloat);
  const auto logits_of = [&](const CmtaOptions& options) {
    draw_from(Seed(24));
    CmtaNet net(options);
    net->eval();
    return net->forward(bag, genes).logits;
  };
  const at::Tensor code = logits_of(small());
  for (const auto& form : paper_forms()) EXPECT_FALSE(at::allclose(logits_of(form), code));
}

TEST(CmtaNet, ThePapersFormHasItsMatricesOnly) {
  const auto names = names_of(*CmtaNet(paper_forms()[5]));
  for (const char* there : {"pathomics_fc.0.weight", "genomics_fc.2.0.bias",
                            "cross_attention.u.weight", "cross_attention.w_g.weight"})
    EXPECT_EQ(std::count(names.begin(), names.end(), there), 1) << there;
  for (const char* gone :
       {"pathomics_fc.3", "genomics_fc.0.1", "P_in_G_Att.", "G_in_P_Att.", "cross_attention.u.bias",
        "pathomics_encoder.norm.", "genomics_decoder.norm."})
    EXPECT_FALSE(any_starts(names, gone)) << gone;
}

// Equations 9-12, written out with the patches' side projected too.
TEST(SharedCrossAttention, IsOneMapReadBothWays) {
  SharedCrossAttention cross(12);
  cast(*cross, at::kCPU, at::kDouble);
  const at::NoGradGuard no_grad;
  const at::Tensor p = random_input("p", {1, 9, 12}), g = random_input("g", {1, 3, 12});
  const auto w = cross->named_parameters();
  const at::Tensor map = p[0].matmul(w["u.weight"].t()).matmul(g[0].matmul(w["v.weight"].t()).t()) /
                         std::sqrt(12.0);  // [9, 3]
  const auto [from_genes, from_patches, scores] = cross->forward(p, g);
  const auto same = [](const at::Tensor& a, const at::Tensor& b) {
    return at::allclose(a, b, 1e-12, 1e-12);
  };
  EXPECT_TRUE(same(scores[0], map));
  EXPECT_TRUE(
      same(from_genes.product()[0], map.softmax(1).matmul(g[0].matmul(w["w_g.weight"].t()))));
  EXPECT_TRUE(same(from_patches[0], map.t().softmax(1).matmul(p[0].matmul(w["w_p.weight"].t()))));
}

// Without repeats there are N tokens whatever N is; a square number of them is the same either way.
TEST(TokenEncoder, WithoutRepeatsKeepsTheNumberOfTokens) {
  TokenEncoderOptions options;
  options.layer = {.dim = 16, .heads = 2, .landmarks = 4};
  options.grid = true;
  draw_from(Seed(25));
  TokenEncoder repeating(options);
  options.repeat = false;
  draw_from(Seed(25));
  TokenEncoder plain(options);
  repeating->eval();
  plain->eval();
  for (const int64_t n : {1, 2, 3, 4, 7, 9, 12}) {
    SCOPED_TRACE(n);
    const at::Tensor x = random_input("x", {1, n, 16}).to(at::kFloat);
    const auto a = repeating->forward(x), b = plain->forward(x);
    const int64_t side = square_side(n);
    EXPECT_EQ(a.tokens.size(1), side * side);
    EXPECT_EQ(b.tokens.size(1), n);
    EXPECT_EQ(at::equal(a.token, b.token), side * side == n);
    EXPECT_TRUE(at::allclose(b.token, plain->forward_token(x), 1e-5, 1e-6));
  }
}

// ---- attention

// The weights of the class token are those by which the layer mixes the values: with the
// convolution off, the mixed values through to_out are the layer's own output of row 0.
TEST(NystromAttention, FirstWeightsAreWhatTheLayerApplies) {
  NystromAttentionOptions options{.dim = 12, .dim_head = 4, .heads = 3, .landmarks = 4};
  options.residual = false;
  for (const bool full : {false, true}) {
    options.full = full;
    draw_from(Seed(26));
    NystromAttention layer(options);
    cast(*layer, at::kCPU, at::kDouble);
    const at::NoGradGuard no_grad;
    const auto w = layer->named_parameters();
    for (const int64_t n : {1, 3, 4, 11}) {
      SCOPED_TRACE(n);
      const at::Tensor x = random_input("x", {1, n, 12});
      const at::Tensor weights = layer->first_weights(x);  // [1, heads, n]
      ASSERT_EQ(weights.sizes(), at::IntArrayRef({1, 3, n}));
      const at::Tensor v = x.matmul(w["to_qkv.weight"].narrow(0, 24, 12).t())
                               .unflatten(2, {3, 4})
                               .transpose(1, 2);  // [1, heads, n, e]
      const at::Tensor mixed = weights.unsqueeze(2).matmul(v).flatten(1);
      const at::Tensor want =
          mixed.matmul(w["to_out.0.weight"].t()) + w["to_out.0.bias"];  // [1, dim]
      EXPECT_TRUE(at::allclose(layer->forward(x).select(1, 0), want, 1e-10, 1e-12));
      if (full) {
        EXPECT_NEAR(weights.sum().item<double>(), 3, 1e-12);
      }
    }
  }
}

// With as many landmarks as rows and a converged inverse the Nystrom form is full attention.
TEST(TransLayer, FullAttentionIsTheLimitOfTheNystromForm) {
  draw_from(Seed(21));
  NystromAttentionOptions options;
  options.dim = 12;
  options.dim_head = 4;
  options.heads = 3;
  options.landmarks = 9;
  options.pinv_iterations = 40;
  NystromAttention nystrom(options);
  options.full = true;
  NystromAttention full(options);
  cast(*nystrom, at::kCPU, at::kDouble);
  cast(*full, at::kCPU, at::kDouble);
  const at::NoGradGuard no_grad;
  const auto from = nystrom->parameters(), to = full->parameters();
  ASSERT_EQ(names_of(*nystrom), names_of(*full));
  for (size_t i = 0; i < from.size(); ++i) to[i].copy_(from[i]);
  const at::Tensor x = 3 * normal(Seed(22), {2, 9, 12});
  EXPECT_TRUE(at::allclose(nystrom->forward(x), full->forward(x), 1e-8, 1e-8));
  EXPECT_EQ(full->forward(x.narrow(1, 0, 4)).size(1), 4);
  EXPECT_THROW(full->forward(x, at::ones({2, 9}, at::kBool)), c10::Error);
}

}  // namespace cmta_net_cases
}  // namespace tractrix::nn
