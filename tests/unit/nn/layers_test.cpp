// Properties of the layers that no golden case pins: shapes, names, dropout, initial weights,
// refusals.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tractrix/nn/attention_net.hpp"
#include "tractrix/nn/init.hpp"
#include "tractrix/nn/kronecker_fusion.hpp"
#include "tractrix/nn/pooling.hpp"
#include "tractrix/nn/snn_block.hpp"
#include "tractrix/nn/trans_layer.hpp"
#include "tractrix/nn/transformer_encoder.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace {

std::vector<std::string> names_of(const torch::nn::Module& module) {
  std::vector<std::string> all;
  for (const auto& item : module.named_parameters()) all.push_back(item.key());
  return all;
}

TEST(Kronecker, HoldsEveryProductOfTheVectorsAndTheOnes) {
  const at::Tensor a = normal(Seed(1), {2, 3}), b = normal(Seed(2), {2, 4}),
                   c = normal(Seed(3), {2, 2});
  const at::Tensor product = outer_with_ones({a, b, c});
  ASSERT_EQ(product.sizes(), at::IntArrayRef({2, 4 * 5 * 3}));
  const auto one = at::ones({1}, at::kDouble);
  for (int64_t row = 0; row < 2; ++row) {
    const at::Tensor want =
        at::kron(at::kron(at::cat({a[row], one}), at::cat({b[row], one})), at::cat({c[row], one}));
    EXPECT_TRUE(at::allclose(product[row], want, 1e-14, 1e-14));
  }
}

TEST(Kronecker, FusesThreeVectorsOfDifferentWidths) {
  KroneckerFusion fusion(KroneckerFusionOptions{.in = {6, 4, 8}, .inner = 3, .out = 5});
  fusion->eval();
  EXPECT_EQ(fusion->forward({at::randn({2, 6}), at::randn({2, 4}), at::randn({2, 8})}).sizes(),
            at::IntArrayRef({2, 5}));
  EXPECT_THROW(fusion->forward({at::randn({2, 6}), at::randn({2, 4})}), c10::Error);
  EXPECT_THROW(KroneckerFusion(KroneckerFusionOptions{.in = {256, 256, 256, 256}}), c10::Error);
  const auto names = names_of(*fusion);
  EXPECT_EQ(names.front(), "reduce.0.0.weight");
  EXPECT_EQ(names.back(), "encoder.0.bias");
}

TEST(Pooling, OfOneRowIsTheRow) {
  const at::Tensor row = at::randn({1, 5});
  EXPECT_TRUE(at::equal(mean_pool(row), row));
  EXPECT_TRUE(at::equal(max_pool(row), row));
  const AttentionPooled pooled = attention_pool(row, at::randn({1, 2}));
  EXPECT_TRUE(at::equal(pooled.pooled, row.repeat({2, 1})));
  EXPECT_TRUE(at::equal(pooled.weights, at::ones({2, 1})));
}

TEST(Pooling, RefusesAnEmptyBag) {
  EXPECT_THROW(mean_pool(at::empty({0, 5})), c10::Error);
  EXPECT_THROW(max_pool(at::empty({0, 5})), c10::Error);
}

TEST(Pooling, DoesNotDependOnTheOrderOfRows) {
  const at::Tensor bag = normal(Seed(4), {9, 5}),
                   order = at::tensor({3, 1, 8, 0, 2, 7, 6, 5, 4}, at::kLong);
  AttentionNet net(AttentionNetOptions{.in = 5, .hidden = 8, .attention = 4});
  cast(*net, at::kCPU, at::kDouble);
  net->eval();
  const auto plain = net->forward(bag), moved = net->forward(bag.index_select(0, order));
  EXPECT_TRUE(at::allclose(plain.pooled, moved.pooled, 1e-12, 1e-12));
  EXPECT_TRUE(at::allclose(plain.weights.index_select(1, order), moved.weights, 1e-12, 1e-12));
  EXPECT_NEAR(plain.weights.sum().item<double>(), 1, 1e-12);
}

TEST(AttentionNet, InputDropoutShiftsTheNamesAsInTheReference) {
  AttentionNet plain(AttentionNetOptions{.in = 3, .hidden = 4, .attention = 2});
  AttentionNet shifted(
      AttentionNetOptions{.in = 3, .hidden = 4, .attention = 2, .input_dropout = 0.1});
  AttentionNet ungated(AttentionNetOptions{.in = 3, .hidden = 4, .attention = 2, .gated = false});
  EXPECT_EQ(names_of(*plain).front(), "0.weight");
  EXPECT_EQ(names_of(*plain).back(), "3.attention_c.bias");
  EXPECT_EQ(names_of(*shifted).front(), "1.weight");
  EXPECT_EQ(names_of(*shifted).back(), "4.attention_c.bias");
  EXPECT_EQ(names_of(*ungated).back(), "3.module.3.bias");
}

TEST(Snn, AlphaDropoutKeepsMeanAndVariance) {
  SnnBlock block(SnnBlockOptions{1, 1, 0.25});
  {
    const at::NoGradGuard no_grad;
    for (auto& weight : block->parameters()) weight.fill_(1);
  }
  block->train();
  draw_from(Seed(7));
  // A dropped unit becomes -1.758 scaled and shifted, so that N(0, 1) keeps its first two moments;
  // ELU's output does not have these, hence the check on the function's two levels instead: x = 1
  // gives ELU(2) = 2.
  const at::Tensor y = block->forward(at::ones({4000, 1})).detach();
  const double a = 1.7580993408473766, p = 0.25, scale = 1 / std::sqrt((a * a * p + 1) * (1 - p));
  const double kept = scale * 2 + scale * a * p, dropped = -scale * a + scale * a * p;
  const at::Tensor is_kept = at::isclose(y, at::full_like(y, kept), 1e-5, 1e-5);
  EXPECT_TRUE(at::logical_or(is_kept, at::isclose(y, at::full_like(y, dropped), 1e-5, 1e-5))
                  .all()
                  .item<bool>());
  EXPECT_NEAR(is_kept.to(at::kDouble).mean().item<double>(), 0.75, 0.03);
  block->eval();
  EXPECT_TRUE(at::allclose(block->forward(at::ones({3, 1})), at::full({3, 1}, 2.0)));
}

TEST(Nystrom, EqualsFullAttentionWhenEveryRowIsALandmark) {
  // With n landmarks for n rows the three factors are A, pinv(A), A, so their product is A once the
  // inverse has converged.
  NystromAttention layer(NystromAttentionOptions{.dim = 8,
                                                 .dim_head = 4,
                                                 .heads = 2,
                                                 .landmarks = 6,
                                                 .pinv_iterations = 60,
                                                 .residual = false});
  cast(*layer, at::kCPU, at::kDouble);
  const NystromOutput out = layer->forward_with_factors(normal(Seed(8), {1, 6, 8}) * 3);
  EXPECT_TRUE(at::allclose(out.attn1, out.attn3, 1e-12, 1e-12));
  const at::Tensor product = out.attn1.matmul(out.attn2_inv).matmul(out.attn3);
  EXPECT_TRUE(at::allclose(product, out.attn1, 1e-8, 1e-8));
}

TEST(Nystrom, KeepsTheTailOrTheHead) {
  NystromAttentionOptions options{.dim = 8, .dim_head = 4, .heads = 2, .landmarks = 4};
  NystromAttention tail(options);
  options.slice = Slice::head;
  NystromAttention head(options);
  {
    const at::NoGradGuard no_grad;
    const auto from = tail->parameters(), to = head->parameters();
    for (size_t i = 0; i < from.size(); ++i) to[i].copy_(from[i]);
  }
  const at::Tensor whole = at::randn({1, 8, 8}), part = at::randn({1, 6, 8});
  EXPECT_TRUE(at::equal(tail->forward(whole), head->forward(whole)));
  EXPECT_FALSE(at::allclose(tail->forward(part), head->forward(part)));
}

TEST(TokenEncoder, SquareSideIsExact) {
  EXPECT_EQ(square_side(0), 0);
  for (int64_t side = 1; side < 300; ++side) {
    EXPECT_EQ(square_side(side * side), side);
    EXPECT_EQ(square_side(side * side + 1), side + 1);
    EXPECT_EQ(square_side((side - 1) * (side - 1) + 1), side);
  }
  EXPECT_EQ(square_side(int64_t{94906267} * 94906267), 94906267);  // beyond 2^53
}

TEST(TransformerEncoder, LayersStartEqualAndTrainApart) {
  TransformerEncoder encoder(
      TransformerEncoderOptions{.dim = 8, .heads = 2, .feedforward = 16, .layers = 2});
  const auto weights = encoder->parameters();
  const size_t half = weights.size() / 2;
  for (size_t i = 0; i < half; ++i) {
    EXPECT_TRUE(at::equal(weights[i], weights[half + i]));
    EXPECT_NE(weights[i].data_ptr(), weights[half + i].data_ptr());
  }
  EXPECT_EQ(names_of(*encoder).front(), "layers.0.self_attn.in_proj_weight");
}

TEST(Init, SchemesHaveTheirDeviations) {
  torch::nn::Linear wide(400, 100);
  draw_from(Seed(9));
  initialise(*wide, Init::max_weights);
  EXPECT_NEAR(wide->weight.std().item<double>(), 1 / std::sqrt(400.0), 1e-3);
  EXPECT_EQ(wide->bias.abs().max().item<double>(), 0);
  initialise(*wide, Init::xavier_normal);
  EXPECT_NEAR(wide->weight.std().item<double>(), std::sqrt(2.0 / 500), 1.5e-3);
}

TEST(Init, L1CountsParametersByPrefix) {
  Snn snn(SnnOptions{{2, 3, 3}});
  {
    const at::NoGradGuard no_grad;
    for (auto& weight : snn->parameters()) weight.fill_(-2);
  }
  EXPECT_EQ(l1_norm(*snn).item<double>(), 2 * (2 * 3 + 3 + 3 * 3 + 3));
  EXPECT_EQ(l1_norm(*snn, "1.").item<double>(), 2 * (3 * 3 + 3));
  EXPECT_EQ(l1_norm(*snn, "none").item<double>(), 0);
}

}  // namespace
}  // namespace tractrix::nn
