// Co-attention on bags that a real cohort brings sooner or later, and its parameter counts.
#include "tractrix/nn/coattention_net.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace coattention_cases {

constexpr int64_t kColumns = 10, kGenes = 4;

CoattentionOptions small() {
  CoattentionOptions options;
  options.patch_columns = kColumns;
  options.groups = {{0, 1}, {2}, {1, 3}};
  options.dim = 16;
  options.gene_widths = {12, 16};
  options.attention = 8;
  options.heads = 2;
  options.feedforward = 24;
  return options;
}

int64_t parameters_of(const CoattentionOptions& options) {
  int64_t sum = 0;
  for (const auto& p : CoattentionNet(options)->parameters()) sum += p.numel();
  return sum;
}

TEST(CoattentionNet, HasTheReferencesParameterCounts) {
  CoattentionOptions options;
  int64_t column = 0;
  for (const int64_t size : {3, 5, 7, 11, 13, 17}) {
    options.groups.emplace_back();
    for (int64_t i = 0; i < size; ++i) options.groups.back().push_back(column++);
  }
  EXPECT_EQ(parameters_of(options), 3638022);
  options.bilinear = true;
  EXPECT_EQ(parameters_of(options), 3837126);
}

void expect_finite(CoattentionNet& net, const char* name, at::Tensor bag, double genes) {
  SCOPED_TRACE(name);
  bag.set_requires_grad(true);
  const auto out = net->forward(bag, genes * at::randn({1, kGenes}));
  EXPECT_EQ(out.logits.sizes(), at::IntArrayRef({1, 4}));
  EXPECT_EQ(out.coattention.sizes(), at::IntArrayRef({3, bag.size(0)}));
  EXPECT_TRUE(out.logits.isfinite().all().item<bool>());
  auto leaves = net->parameters();
  leaves.push_back(bag);
  for (const auto& gradient :
       torch::autograd::grad({out.logits.square().sum()}, leaves, {}, {}, false, true)) {
    ASSERT_TRUE(gradient.defined());
    EXPECT_TRUE(gradient.isfinite().all().item<bool>());
  }
}

TEST(CoattentionNet, StaysFiniteOnHostileBags) {
  at::set_num_threads(1);
  draw_from(Seed(41));
  std::vector<CoattentionOptions> forms(4, small());
  forms[1].bilinear = true;
  forms[2].transport = TransportOptions{};
  forms[3].transport = TransportOptions{.marginals = Marginals::balanced, .reg = 0.05};
  for (const auto& options : forms) {
    CoattentionNet net(options);
    expect_finite(net, "one patch", at::randn({1, kColumns}), 1);
    expect_finite(net, "equal patches", at::randn({1, kColumns}).repeat({20, 1}), 1);
    expect_finite(net, "zeros", at::zeros({7, kColumns}), 0);
    expect_finite(net, "large values", 1e4 * at::randn({20, kColumns}), 1e4);
  }
}

TEST(CoattentionNet, RefusesAnEmptyBag) {
  CoattentionNet net(small());
  EXPECT_THROW(net->forward(at::empty({0, kColumns}), at::randn({1, kGenes})), c10::Error);
}

// Neither the order of the patches nor their repetition matters to an average with weights.
TEST(CoattentionNet, SeesASet) {
  draw_from(Seed(42));
  CoattentionNet net(small());
  net->to(at::kDouble);
  net->eval();
  const at::Tensor bag = at::randn({9, kColumns}, at::kDouble),
                   genes = at::randn({1, kGenes}, at::kDouble);
  const at::Tensor logits = net->forward(bag, genes).logits;
  EXPECT_TRUE(at::allclose(net->forward(bag.flip(0), genes).logits, logits, 1e-10, 1e-12));
  EXPECT_TRUE(at::allclose(net->forward(bag.repeat({3, 1}), genes).logits, logits, 1e-10, 1e-12));
  EXPECT_FALSE(at::allclose(net->forward(2 * bag, genes).logits, logits, 1e-6, 1e-6));
}

}  // namespace coattention_cases
}  // namespace tractrix::nn
