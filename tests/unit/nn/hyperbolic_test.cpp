#include "tractrix/nn/hyperbolic.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace tractrix::nn {
namespace {

TEST(Hyperbolic, IsEuclideanNearTheOrigin) {
  torch::manual_seed(1);
  HyperbolicRegression scores(HyperbolicLinearOptions{.in = 4, .out = 3});
  HyperbolicLinear linear(HyperbolicLinearOptions{.in = 4, .out = 3, .bias = false});
  scores->to(torch::kDouble);
  linear->to(torch::kDouble);
  const auto x = 1e-5 * torch::randn({6, 4}, torch::kDouble),
             c = torch::full({}, .7, torch::kDouble);
  const auto z = scores->named_parameters()["z"], w = linear->named_parameters()["z"];
  EXPECT_LT((scores->forward(x, c) - 4 * x.mm(z)).abs().max().item<double>(), 1e-13);
  EXPECT_LT((linear->forward(x, c) - 2 * x.mm(w)).abs().max().item<double>(), 1e-13);
}

TEST(Hyperbolic, StaysInTheBallAndFinite) {
  torch::manual_seed(2);
  HyperbolicLinear linear(HyperbolicLinearOptions{.in = 5, .out = 7});
  const auto x = torch::nn::functional::normalize(torch::randn({100, 5})).requires_grad_(true);
  const auto c = torch::full({1}, 1.f).requires_grad_(true);
  const auto y = linear->forward(x, c);
  EXPECT_LE(y.norm(2, 1).max().item<double>(), 1 - 3.9e-3);
  y.sum().backward();
  for (const auto& parameter : linear->parameters())
    EXPECT_TRUE(torch::isfinite(parameter.grad()).all().item<bool>());
  EXPECT_TRUE(torch::isfinite(c.grad()).all().item<bool>());
}

TEST(Hyperbolic, AZeroOrientationScoresZero) {
  HyperbolicRegression scores(HyperbolicLinearOptions{.in = 2, .out = 1});
  auto z = scores->named_parameters()["z"];
  z.data().zero_();
  const auto y = scores->forward(torch::full({1, 2}, .3f), torch::ones({1}));
  EXPECT_EQ(y.item<double>(), 0);
  y.sum().backward();
  EXPECT_TRUE(torch::isfinite(z.grad()).all().item<bool>());
}

}  // namespace
}  // namespace tractrix::nn
