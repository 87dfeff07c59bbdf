// Bags that a real cohort brings sooner or later: one patch, fewer than the landmarks, all alike,
// far too large values. Outputs and all gradients stay finite.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tractrix/losses/alignment.hpp"
#include "tractrix/nn/cmta_net.hpp"
#include "tractrix/nn/fusion_net.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace extreme_bags {

constexpr int64_t kColumns = 24, kGenes = 12;

// Small cases: waiting threads cost more than they bring.
void start(uint64_t seed) {
  at::set_num_threads(1);
  draw_from(Seed(seed));
}

struct Named {
  std::string name;
  at::Tensor bag;  // [N, kColumns]
};

std::vector<Named> hostile_bags() {
  std::vector<Named> bags;
  for (const int64_t n : {1, 2, 5, 16, 40})
    bags.push_back({std::to_string(n) + " patches", at::randn({n, kColumns})});
  bags.push_back({"equal patches", at::randn({1, kColumns}).repeat({20, 1})});
  bags.push_back({"zeros", at::zeros({7, kColumns})});
  bags.push_back({"large values", 1e4 * at::randn({20, kColumns})});
  bags.push_back({"large equal values", at::full({3, kColumns}, 1e4)});
  return bags;
}

void expect_finite(const torch::nn::Module& net, const at::Tensor& objective, at::Tensor bag) {
  EXPECT_TRUE(objective.isfinite().item<bool>()) << "objective";
  auto leaves = net.parameters();
  leaves.push_back(std::move(bag));
  const auto gradients = torch::autograd::grad({objective}, leaves, {}, {}, false, true);
  EXPECT_TRUE(gradients.back().defined()) << "no gradient reaches the bag";
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) continue;
    EXPECT_TRUE(gradients[i].isfinite().all().item<bool>()) << "gradient " << i;
  }
}

FusionNetOptions bag_options(BagEncoder encoder) {
  FusionNetOptions options;
  options.bag = encoder;
  options.bag_columns = kColumns;
  options.hidden = 32;
  options.attention = 16;
  options.subtyping = true;
  return options;
}

TEST(ExtremeBags, KeepTransMilAndClamFinite) {
  start(11);
  for (const BagEncoder encoder :
       {BagEncoder::transmil, BagEncoder::clam_sb, BagEncoder::clam_mb}) {
    FusionNet net(bag_options(encoder));
    for (auto& [name, bag] : hostile_bags()) {
      SCOPED_TRACE(name + ", encoder " + std::to_string(static_cast<int>(encoder)));
      bag.set_requires_grad(true);
      const FusionOutput out = net->forward(bag, {});
      ASSERT_EQ(out.logits.sizes(), at::IntArrayRef({1, 4}));
      at::Tensor objective = out.logits.square().sum();
      if (out.rows.defined()) objective = objective + net->judge_instances(out, 1).loss;
      expect_finite(*net, objective, bag);
    }
  }
}

CmtaOptions small_cmta() {
  CmtaOptions options;
  options.patch_columns = kColumns;
  options.groups = {{0, 1, 2}, {3}, {2, 4, 5, 6}, {7}, {8, 9}, {10, 11}};
  options.dim = 32;
  options.gene_hidden = 16;
  return options;
}

TEST(ExtremeBags, KeepCmtaFinite) {
  start(12);
  std::vector<CmtaOptions> forms(5, small_cmta());
  forms[4].form = Form::exact;
  forms[1].bilinear = true;
  forms[2].full_genes = true;
  forms[3].positions = forms[3].cross_attention = false;
  for (size_t form = 0; form < forms.size(); ++form) {
    CmtaNet net(forms[form]);
    for (auto& [name, bag] : hostile_bags()) {
      SCOPED_TRACE(name + ", form " + std::to_string(form));
      bag.set_requires_grad(true);
      const double size = name.starts_with("large") ? 1e4 : 1;
      const CmtaOutput out = net->forward(bag, size * at::randn({1, kGenes}));
      at::Tensor objective = out.logits.square().sum();
      for (const auto metric : {losses::Similarity::l1, losses::Similarity::mse,
                                losses::Similarity::kl, losses::Similarity::cosine})
        objective = objective + losses::alignment(out.p, out.p_hat, metric) +
                    losses::alignment(out.g, out.g_hat, metric);
      expect_finite(*net, objective, bag);
    }
  }
}

TEST(ExtremeBags, AnEmptyOneIsRefused) {
  CmtaNet cmta(small_cmta());
  EXPECT_THROW(cmta->forward(at::empty({0, kColumns}), at::randn({1, kGenes})), c10::Error);
  FusionNet net(bag_options(BagEncoder::transmil));
  EXPECT_THROW(net->forward(at::empty({0, kColumns}), {}), c10::Error);
}

}  // namespace extreme_bags
}  // namespace tractrix::nn
