#include "tractrix/geometry/pair_distance.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tractrix/core/error.hpp"

namespace tractrix::geometry {
namespace {

at::Tensor curvature(double c) { return torch::full({1}, c, torch::kDouble); }

double distance(const std::vector<double>& u, const std::vector<double>& v) {
  const auto a = torch::tensor(u, torch::kDouble), b = torch::tensor(v, torch::kDouble);
  return pair_distance(a.unsqueeze(0), b.unsqueeze(0), curvature(1)).item<double>();
}

// Multi-precision values at curvature -1.
TEST(PairDistance, KnownValues) {
  EXPECT_NEAR(distance({1, 2, -1}, {.5, -.25, 3}), 5.14952429879312, 1e-13);
  EXPECT_NEAR(distance({.25, .5, -.125}, {-.5, .25, .75}), 1.21420564595304, 1e-13);
  EXPECT_NEAR(distance({6, 8, 0}, {6.0625, 8, .125}), 10.0289425857749, 1e-12);
  EXPECT_NEAR(distance({0, 0, 20}, {0, .5, 20}), 31.2417271386188, 1e-12);
  EXPECT_NEAR(distance({40, 0, 0}, {39, 1, .5}), 70.525132108973, 1e-12);
  EXPECT_NEAR(distance({0x1p-10, 0, 0}, {0, 0x1p-10, 0}), .00138106804176238, 1e-15);
  EXPECT_NEAR(distance({0, 0, 0}, {3, 0, 4}), 5, 1e-14);
}

// Central differences on every element of u, v and c; close and far pairs, several radii.
TEST(PairDistance, GradientIsTheSlope) {
  torch::manual_seed(3);
  auto u = torch::randn({3, 4}, torch::kDouble), v = torch::randn({5, 4}, torch::kDouble);
  v[0] = u[0] + 1e-2;
  v[1] = 3 * u[1];
  std::vector<at::Tensor> inputs = {u, v, curvature(0.7)};
  const auto probe = torch::randn({3, 5}, torch::kDouble);
  for (auto& x : inputs) x.requires_grad_(true);
  auto value = [&] { return (pair_distance(inputs[0], inputs[1], inputs[2]) * probe).sum(); };
  value().backward();
  torch::NoGradGuard no_grad;
  for (auto& x : inputs)
    for (int64_t i = 0; i < x.numel(); ++i) {
      auto element = x.view(-1)[i];
      const double start = element.item<double>(), step = 1e-6;
      element.fill_(start + step);
      const double above = value().item<double>();
      element.fill_(start - step);
      const double below = value().item<double>();
      element.fill_(start);
      EXPECT_NEAR(x.grad().view(-1)[i].item<double>(), (above - below) / (2 * step), 1e-7);
    }
}

TEST(PairDistance, FiniteAtExtremes) {
  torch::manual_seed(5);
  for (auto type : {torch::kFloat, torch::kDouble})
    for (double c : {1e-6, 1e-2, 1.0, 1e2}) {
      auto scale = torch::pow(10, torch::rand({300, 1}, type) * 10 - 8.4);  // up to about 40
      auto u = (torch::nn::functional::normalize(torch::randn({300, 3}, type)) * scale).detach();
      u[0].zero_();
      auto v = u.clone().requires_grad_(true);
      u.requires_grad_(true);
      auto k = torch::full({1}, c, type).requires_grad_(true);
      auto d = pair_distance(u, v, k);
      d.sum().backward();
      for (const auto& x : {d, u.grad(), v.grad(), k.grad()})
        EXPECT_TRUE(torch::isfinite(x).all().item<bool>()) << "c " << c;
    }
}

// Close and far pairs, more rows and columns than one block holds: the threads share no sums.
TEST(PairDistance, BackwardIsTheSameForEveryThreadCount) {
  torch::manual_seed(13);
  const auto u = torch::randn({1030, 3}, torch::kDouble),
             v = torch::randn({1040, 3}, torch::kDouble);
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    std::vector<at::Tensor> leaves{u.clone(), v.clone(), curvature(.6)};
    for (auto& x : leaves) x.requires_grad_(true);
    return torch::autograd::grad({pair_distance(leaves[0], leaves[1], leaves[2]).sum()}, leaves);
  };
  const int before = at::get_num_threads();
  const auto one = gradients(1), again = gradients(1), three = gradients(3),
             three_again = gradients(3);
  at::set_num_threads(before);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_TRUE(one[i].equal(again[i]));
    EXPECT_TRUE(three[i].equal(three_again[i]));
    EXPECT_LE((one[i] - three[i]).abs().max().item<double>(),
              1e-13 * one[i].abs().max().item<double>());
  }
}

// A radius beyond the limit counts as the limit; opposite points there are 1360 apart.
TEST(PairDistance, RadiusIsCutAt680) {
  EXPECT_NEAR(distance({680, 0, 0}, {-680, 0, 0}), 1360, 1e-10);
  EXPECT_NEAR(distance({680, 0, 0}, {679, 0, 0}), 1, 1e-12);
  EXPECT_EQ(distance({1e5, 0, 0}, {-700, 0, 0}), distance({680, 0, 0}, {-680, 0, 0}));
  auto far = torch::tensor({{1e5, 0., 0.}}, torch::kDouble).requires_grad_(true);
  pair_distance(far, torch::zeros({1, 3}, torch::kDouble), curvature(1)).sum().backward();
  EXPECT_NEAR(far.grad()[0][0].item<double>(), 1, 1e-12);
}

TEST(PairDistance, ComposedFormAgrees) {
  torch::manual_seed(7);
  const auto u = torch::randn({6, 8}, torch::kDouble), v = torch::randn({9, 8}, torch::kDouble);
  const auto kernel = pair_distance(u, v, curvature(.5));
  const auto composed = pair_distance(u, v, curvature(.5), PairForm::composed);
  EXPECT_LT((kernel - composed).abs().max().item<double>(), 1e-12);
}

TEST(PairDistance, RejectsWhatDoesNotFit) {
  const auto u = torch::zeros({2, 3}, torch::kDouble);
  EXPECT_THROW(pair_distance(u, torch::zeros({2, 4}, torch::kDouble), curvature(1)), Error);
  EXPECT_THROW(pair_distance(u, u.to(torch::kFloat), curvature(1)), Error);
  EXPECT_THROW(pair_distance(u, u, curvature(-1)), Error);
}

}  // namespace
}  // namespace tractrix::geometry
