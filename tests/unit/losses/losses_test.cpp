// Properties of the survival losses; their values are in the parity tests.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "tractrix/losses/cox.hpp"
#include "tractrix/losses/discrete_survival.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::losses {
namespace {

// Every event's term by the definition, in double loops.
double cox_by_definition(const at::Tensor& risk, const at::Tensor& time, const at::Tensor& event) {
  double total = 0;
  for (int64_t i = 0; i < risk.size(0); ++i) {
    if (event[i].item<double>() == 0) continue;
    double at_risk = 0;
    for (int64_t j = 0; j < risk.size(0); ++j)
      if (time[j].item<double>() >= time[i].item<double>())
        at_risk += std::exp(risk[j].item<double>());
    total += std::log(at_risk) - risk[i].item<double>();
  }
  return total;
}

TEST(Cox, EqualsTheDefinitionOnRandomWindows) {
  for (uint64_t run = 0; run < 20; ++run) {
    const Seed seed = Seed(run);
    const int64_t n = 2 + static_cast<int64_t>(seed.at("n").key() % 30);
    const at::Tensor risk = normal(seed.at("risk"), {n});
    const at::Tensor time = (normal(seed.at("time"), {n}).abs() * 4).ceil();  // heavy ties
    const at::Tensor event = (normal(seed.at("event"), {n}) > 0).to(at::kDouble);
    const double have = cox(risk, time, event, {.over = Over::sum}).item<double>();
    EXPECT_NEAR(have, cox_by_definition(risk, time, event), 1e-11);
  }
}

TEST(Cox, IgnoresAConstantShiftOfTheRisks) {
  const at::Tensor risk = normal(Seed(1), {12}), time = normal(Seed(2), {12}).abs(),
                   event = at::ones({12});
  for (const auto ties : {Ties::breslow, Ties::efron}) {
    const double plain = cox(risk, time, event, {.ties = ties}).item<double>();
    EXPECT_NEAR(cox(risk + 700, time, event, {.ties = ties}).item<double>(), plain, 1e-10);
  }
}

TEST(Cox, WithoutEventsIsZeroWithZeroGradient) {
  const at::Tensor risk = normal(Seed(3), {4}).requires_grad_(true), time = at::rand({4}),
                   event = at::zeros({4});
  for (const auto ties : {Ties::breslow, Ties::efron}) {
    const at::Tensor loss = cox(risk, time, event, {.ties = ties});
    EXPECT_EQ(loss.item<double>(), 0);
    EXPECT_EQ(torch::autograd::grad({loss}, {risk})[0].abs().max().item<double>(), 0);
  }
}

TEST(Cox, BreslowAndEfronAgreeWithoutTiedEvents) {
  const at::Tensor risk = normal(Seed(4), {9}), time = at::arange(9), event = at::ones({9});
  EXPECT_NEAR(cox(risk, time, event, {.ties = Ties::efron}).item<double>(),
              cox(risk, time, event, {.ties = Ties::breslow}).item<double>(), 1e-14);
}

TEST(Cox, RefusesRowsThatDoNotMatch) {
  EXPECT_THROW(cox(at::randn({3}), at::rand({4}), at::ones({4})), c10::Error);
}

TEST(DiscreteSurvival, AlphaOneLeavesOnlyEvents) {
  const at::Tensor logits = normal(Seed(5), {2, 4}), bin = at::tensor({1, 2}, at::kLong);
  const at::Tensor rows = nll_survival_rows(curve(logits), bin, at::tensor({1.0, 0.0}), 1);
  EXPECT_GT(rows[0].item<double>(), 0);
  EXPECT_EQ(rows[1].item<double>(), 0);
}

TEST(DiscreteSurvival, RiskFallsWhenAHazardFalls) {
  const at::Tensor logits = normal(Seed(6), {1, 4});
  const at::Tensor lower = logits - at::tensor({1.0, 0.0, 0.0, 0.0}, at::kDouble);
  EXPECT_LT(risk_of(curve(lower).survival).item<double>(),
            risk_of(curve(logits).survival).item<double>());
}

TEST(DiscreteSurvival, RefusesBinsThatDoNotMatch) {
  EXPECT_THROW(nll_survival(at::randn({2, 4}), at::zeros({3}, at::kLong), at::ones({3}), 0),
               c10::Error);
}

}  // namespace
}  // namespace tractrix::losses
