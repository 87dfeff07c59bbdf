// PORPOISE's network on bags that a real cohort brings sooner or later.
#include "tractrix/nn/porpoise_net.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace porpoise_net_cases {

constexpr int64_t kColumns = 10, kGenes = 4;

PorpoiseOptions small() {
  PorpoiseOptions options;
  options.patch_columns = kColumns;
  options.gene_columns = kGenes;
  options.hidden = 12;
  options.attention = 8;
  options.dim = 16;
  options.gene_widths = {16};
  return options;
}

void expect_finite(PorpoiseNet& net, const char* name, at::Tensor bag, double genes) {
  SCOPED_TRACE(name);
  bag.set_requires_grad(true);
  const auto out = net->forward(bag, genes * at::randn({1, kGenes}));
  EXPECT_EQ(out.logits.sizes(), at::IntArrayRef({1, 4}));
  EXPECT_EQ(out.weights.sizes(), at::IntArrayRef({1, bag.size(0)}));
  EXPECT_NEAR(out.weights.sum().item<double>(), 1, 1e-5);
  EXPECT_TRUE(out.logits.isfinite().all().item<bool>());
  auto leaves = net->parameters();
  leaves.push_back(bag);
  const auto gradients =
      torch::autograd::grad({out.logits.square().sum()}, leaves, {}, {}, false, true);
  EXPECT_TRUE(gradients.back().defined()) << "no gradient reaches the bag";
  for (const auto& gradient : gradients) {
    if (!gradient.defined()) continue;
    EXPECT_TRUE(gradient.isfinite().all().item<bool>());
  }
}

TEST(PorpoiseNet, StaysFiniteOnHostileBags) {
  at::set_num_threads(1);
  draw_from(Seed(61));
  std::vector<PorpoiseOptions> forms(5, small());
  forms[1].fusion = PorpoiseFusion::concat;
  forms[2].fusion = PorpoiseFusion::low_rank;
  forms[3].gate_path = forms[3].gate_omic = forms[3].skip = false;
  forms[4].unit = Unit::mlp;
  for (const auto& options : forms) {
    PorpoiseNet net(options);
    expect_finite(net, "one patch", at::randn({1, kColumns}), 1);
    expect_finite(net, "equal patches", at::randn({1, kColumns}).repeat({20, 1}), 1);
    expect_finite(net, "zeros", at::zeros({7, kColumns}), 0);
    expect_finite(net, "large values", 1e4 * at::randn({20, kColumns}), 1e4);
  }
}

TEST(PorpoiseNet, RefusesAnEmptyBag) {
  PorpoiseNet net(small());
  EXPECT_THROW(net->forward(at::empty({0, kColumns}), at::randn({1, kGenes})), c10::Error);
}

}  // namespace porpoise_net_cases
}  // namespace tractrix::nn
