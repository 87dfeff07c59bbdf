// Properties of CMTA's options that no golden case pins.
#include "tractrix/nn/cmta_net.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

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
