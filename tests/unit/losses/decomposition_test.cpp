// Losses on shared and own parts, by hand arithmetic.
#include "tractrix/losses/decomposition.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tractrix/losses/discrete_survival.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::losses {
namespace decomposition_facts {

TEST(Decomposition, SumsAreColumnsTimesMeans) {
  const at::Tensor a = normal(Seed(4), {3, 16}), b = normal(Seed(5), {3, 16});
  const double sum = squared_distance(a, b, RowReduction::sum).item<double>();
  EXPECT_NEAR(sum, 16 * squared_distance(a, b, RowReduction::mean).item<double>(), 1e-10);
  EXPECT_NEAR(sum, (a - b).square().sum().item<double>() / 3, 1e-12);
}

TEST(Decomposition, TheSmoothCosineHasASlopeAtARightAngle) {
  const at::Tensor both = at::eye(2, at::kDouble), b = both.narrow(0, 1, 1);
  const at::Tensor a = both.narrow(0, 0, 1).clone().requires_grad_(true);
  absolute_cosine(a, b, true).backward();
  EXPECT_TRUE(a.grad().isfinite().all().item<bool>());
  EXPECT_NEAR(absolute_cosine(a, b, true).item<double>(), 1e-4, 1e-9);
  EXPECT_EQ(absolute_cosine(a, b, false).item<double>(), 0);
}

// Hand arithmetic: hazards 1/2 everywhere.
TEST(Decomposition, TheLikelihoodAsPrintedLacksTheBinsBefore) {
  const at::Tensor logits = at::zeros({1, 4}, at::kDouble), bin = at::full({1}, 2, at::kLong);
  const at::Tensor event = at::ones({1}, at::kDouble), censored = at::zeros({1}, at::kDouble);
  EXPECT_NEAR(nll_as_printed(logits, bin, event).item<double>(), std::log(2.), 1e-12);
  EXPECT_NEAR(nll_survival(logits, bin, event, 0).item<double>(), 3 * std::log(2.), 1e-12);
  EXPECT_NEAR(nll_as_printed(logits, bin, censored).item<double>(), 3 * std::log(2.), 1e-12);
}

}  // namespace decomposition_facts
}  // namespace tractrix::losses
