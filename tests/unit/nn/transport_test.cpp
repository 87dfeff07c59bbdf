// Transport plans: published values of POT, marginals, degenerate sets.
#include "tractrix/nn/transport.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace transport_cases {

at::Tensor row(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

// The example of POT's documentation, as its releases 0.9.2 to 0.9.4 and from 0.9.5 give it.
TEST(Transport, GivesTheValuesOfPot) {
  const at::Tensor cost = row({0, 1, 1, 0}).reshape({2, 2}), half = row({.5, .5});
  TransportOptions options{.reg = 1, .tau = 1};
  at::Tensor plan = solve_unbalanced(cost, half, half, options).plan;
  EXPECT_NEAR(plan[0][0].item<double>(), .5112281426, 1e-10);
  EXPECT_NEAR(plan[0][1].item<double>(), .1880703234, 1e-10);
  options.regulariser = Regulariser::kl;
  plan = solve_unbalanced(cost, half, half, options).plan;
  EXPECT_NEAR(plan[0][0].item<double>(), .3220536137, 1e-10);
  EXPECT_NEAR(plan[1][0].item<double>(), .1184769035, 1e-10);
}

TEST(Transport, ABalancedPlanKeepsBothMarginals) {
  draw_from(Seed(51));
  const at::Tensor a = at::softmax(at::randn({7}, at::kDouble), 0),
                   b = at::softmax(at::randn({3}, at::kDouble), 0);
  const auto [plan, iterations] = solve_balanced(at::rand({7, 3}, at::kDouble), a, b, {});
  EXPECT_TRUE(at::allclose(plan.sum(1), a, 1e-7, 1e-8));
  EXPECT_TRUE(at::allclose(plan.sum(0), b, 1e-7, 1e-8));
  EXPECT_LT(iterations, 1000);
}

TEST(Transport, AHeavyMarginalPenaltyBalancesToo) {
  draw_from(Seed(52));
  const at::Tensor x = at::randn({6, 4}, at::kDouble), y = at::randn({3, 4}, at::kDouble);
  const at::Tensor loose = transport(x, y, {.tau = 0.5}).plan,
                   tight = transport(x, y, {.tau = 100}).plan;
  const auto error = [](const at::Tensor& plan) {
    return (plan.sum(0) - 1. / 3).abs().max().item<double>();
  };
  EXPECT_LT(error(tight), 1e-2);
  EXPECT_LT(error(tight), error(loose));
}

TEST(Transport, StaysFiniteOnDegenerateSets) {
  at::set_num_threads(1);
  draw_from(Seed(53));
  const at::Tensor y = at::randn({3, 5});
  for (const Marginals marginals : {Marginals::unbalanced, Marginals::balanced}) {
    for (const double reg : {0.1, 0.05}) {
      TransportOptions options{.marginals = marginals, .reg = reg};
      const auto finite = [&](const char* name, const at::Tensor& x, const at::Tensor& tokens) {
        SCOPED_TRACE(name);
        const at::Tensor plan = transport(x, tokens, options).plan;
        EXPECT_EQ(plan.sizes(), at::IntArrayRef({x.size(0), tokens.size(0)}));
        EXPECT_TRUE(plan.isfinite().all().item<bool>());
        EXPECT_GE(plan.min().item<double>(), 0);
        EXPECT_GT(plan.sum().item<double>(), 0.1);
      };
      finite("one row", at::randn({1, 5}), y);
      finite("equal rows", at::randn({1, 5}).repeat({20, 1}), y);
      finite("all equal", y.narrow(0, 0, 1).repeat({4, 1}), y.narrow(0, 0, 1).repeat({2, 1}));
      finite("zeros", at::zeros({4, 5}), at::zeros({2, 5}));
      finite("large", 1e4 * at::randn({20, 5}), 1e4 * y);
      finite("far apart", 1e4 * at::randn({20, 5}), y);
    }
  }
}

TEST(Transport, TheCostHasAGradientAndThePlanNone) {
  draw_from(Seed(54));
  const at::Tensor x = at::randn({4, 3}, at::kDouble).requires_grad_(),
                   y = at::randn({2, 3}, at::kDouble).requires_grad_();
  EXPECT_TRUE(transport_cost(x, y).requires_grad());
  EXPECT_FALSE(transport(x, y, {}).plan.requires_grad());
  // A constant added to a row changes nothing.
  EXPECT_TRUE(at::allclose(transport_cost(x + 3, y), transport_cost(x, y), 1e-9, 1e-9));
}

}  // namespace transport_cases
}  // namespace tractrix::nn
