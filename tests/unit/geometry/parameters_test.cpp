// Learnable curvature and optimizers of points.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tractrix/core/error.hpp"
#include "tractrix/geometry/curvature.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/geometry/riemannian.hpp"

namespace tractrix::geometry {
namespace {

TEST(Curvature, BothFormsStartAtTheInitialValue) {
  for (auto form : {CurvatureForm::exp, CurvatureForm::softplus})
    for (double c : {1e-3, .1, 1., 30.}) {
      torch::nn::Module owner;
      const Curvature curvature(owner, "curv", {.initial = c, .form = form});
      EXPECT_NEAR(curvature.value().item<double>(), c, 1e-6 * c);
      EXPECT_EQ(owner.named_parameters().contains("curv"), true);
    }
}

TEST(Curvature, IsPutBackIntoItsBounds) {
  for (auto form : {CurvatureForm::exp, CurvatureForm::softplus}) {
    torch::nn::Module owner;
    Curvature curvature(owner, "curv", {.initial = 2, .form = form, .lowest = .5, .highest = 3});
    auto raw = owner.parameters()[0];
    for (auto [moved, expected] : {std::pair{50., 6.}, {-50., 1.}}) {
      raw.set_data(torch::full({}, moved, torch::kDouble));
      curvature.clamp();
      EXPECT_NEAR(curvature.value().item<double>(), expected, 1e-12);
      raw.mutable_grad() = at::Tensor();
      curvature.value().backward();
      EXPECT_GT(raw.grad().item<double>(), 0);  // it can come back
    }
  }
}

TEST(Curvature, RejectsBoundsThatExcludeTheStart) {
  torch::nn::Module owner;
  EXPECT_THROW(Curvature(owner, "a", {.initial = -1}), Error);
  EXPECT_THROW(Curvature(owner, "b", {.lowest = 2}), Error);
  torch::nn::Module fixed;
  Curvature(fixed, "curv", {.learn = false});
  EXPECT_FALSE(fixed.parameters()[0].requires_grad());
}

// Both optimizers bring points on both manifolds to their targets.
TEST(Riemannian, ReachesTheTarget) {
  const auto c = torch::full({}, .5, torch::kDouble);
  torch::manual_seed(3);
  const auto target = torch::rand({5, 3}, torch::kDouble) - .5;
  for (auto rule : {RiemannianRule::sgd, RiemannianRule::adam}) {
    auto p = torch::zeros({5, 3}, torch::kDouble).requires_grad_(true);
    RiemannianOptions options{.rule = rule, .momentum = .5, .stabilize = 10};
    RiemannianOptimizer optimizer(options, {{"p", p, std::make_shared<PoincareManifold>(.5)}});
    for (int i = 0; i < 400; ++i) {
      optimizer.zero_grad();
      poincare::distance(p, target, c).square().sum().backward();
      optimizer.step(i < 300 ? .05 : .005);
    }
    EXPECT_LT(poincare::distance(p, target, c).max().item<double>(), 1e-3);
  }
}

// Stopped after five steps and gone on with by another optimizer: the same bits.
TEST(Riemannian, StateIsEnoughToGoOn) {
  torch::manual_seed(5);
  const auto manifold = std::make_shared<LorentzManifold>(1.);
  const auto start = manifold->project(torch::randn({4, 4}, torch::kDouble));
  const auto goal = manifold->project(torch::randn({4, 4}, torch::kDouble));
  const auto c = torch::ones({}, torch::kDouble);
  const auto run = [&](at::Tensor x, RiemannianOptimizer& optimizer, int steps) {
    for (int i = 0; i < steps; ++i) {
      optimizer.zero_grad();
      lorentz::distance(x.narrow(1, 1, 3), goal.narrow(1, 1, 3), c).square().sum().backward();
      optimizer.step(.05);
    }
    return x.detach().clone();
  };
  const RiemannianOptions options{.amsgrad = true};
  auto whole = start.clone().requires_grad_(true), half = start.clone().requires_grad_(true);
  RiemannianOptimizer one(options, {{"x", whole, manifold}}), two(options, {{"x", half, manifold}});
  const auto expected = run(whole, one, 10);
  auto rest = run(half, two, 5).requires_grad_(true);
  RiemannianOptimizer three(options, {{"x", rest, manifold}});
  three.restore(two.state());
  EXPECT_TRUE(run(rest, three, 5).equal(expected));
  EXPECT_THROW(three.restore({}), Error);
}

TEST(Riemannian, RejectsBadOptions) {
  auto x = torch::zeros({1, 2}).requires_grad_(true);
  EXPECT_THROW(RiemannianOptimizer({.momentum = 1}, {}), Error);
  EXPECT_THROW(RiemannianOptimizer({.nesterov = true}, {}), Error);
  EXPECT_THROW(RiemannianOptimizer({}, {{"x", x, nullptr}}), Error);
  EXPECT_THROW(PoincareManifold(0), Error);
}

}  // namespace
}  // namespace tractrix::geometry
