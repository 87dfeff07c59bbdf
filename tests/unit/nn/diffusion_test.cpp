// Facts of the diffusion layers that no golden case pins.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tractrix/nn/denoiser.hpp"
#include "tractrix/nn/diffusion_sampler.hpp"
#include "tractrix/nn/moving_average.hpp"
#include "tractrix/nn/noise_schedule.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace diffusion_facts {

NoiseScheduleOptions curve(BetaCurve which) {
  NoiseScheduleOptions o;
  o.curve = which;
  return o;
}

// Closed forms and published tables of the signal that is left (A.5 of the recipe sheets).
TEST(NoiseSchedule, KeepsThePublishedShareOfTheSignal) {
  const NoiseSchedule linear(curve(BetaCurve::linear)), cosine(curve(BetaCurve::cosine));
  EXPECT_NEAR(linear.alpha(0), .9999, 1e-15);
  EXPECT_NEAR(linear.alpha(499), .0785872428817782, 1e-14);
  EXPECT_NEAR(linear.alpha(999), 4.03582976537568e-05, 1e-17);
  EXPECT_NEAR(cosine.alpha(9), .999368718401658, 1e-13);
  EXPECT_NEAR(cosine.alpha(999), 2.42876690703485e-09, 1e-19);
  EXPECT_EQ(linear.alpha(-1), 1);
}

TEST(NoiseSchedule, EveryPredictionHoldsTheSameEnds) {
  const NoiseSchedule schedule(curve(BetaCurve::linear));
  const at::Tensor start = normal(Seed(1), {2, 5}), noise = normal(Seed(2), {2, 5});
  const at::Tensor t = at::full({2}, 700, at::kLong);
  const at::Tensor x = schedule.diffuse(start, noise, t);
  for (const auto kind : {Prediction::noise, Prediction::velocity, Prediction::start}) {
    const Ends ends =
        ends_of(kind, x, wanted(kind, schedule, start, noise, t), schedule.alpha(700));
    EXPECT_TRUE(at::allclose(ends.start, start, 1e-10, 1e-10));
    EXPECT_TRUE(at::allclose(ends.noise, noise, 1e-10, 1e-10));
  }
}

TEST(DiffusionSampler, OneStepIsThatOfTheSheet) {
  const NoiseSchedule schedule(curve(BetaCurve::linear));
  SamplerOptions o;
  const DiffusionSampler sampler(schedule, o);
  ASSERT_EQ(sampler.grid().front(), 999);
  ASSERT_EQ(sampler.grid().back(), 19);
  const at::Tensor z = at::full({1, 1}, .7, at::kDouble), eps = at::full({1, 1}, .3, at::kDouble);
  EXPECT_NEAR(sampler.step(z, eps, 0, {}).item<double>(), .788606523435799, 1e-12);
  EXPECT_NEAR(sampler.step(z, eps, 49, {}).item<double>(), .679175656866441, 1e-13);
}

// A network that knows the start leads there from any noise, on any grid, with any prediction.
TEST(DiffusionSampler, APerfectDenoiserLeadsToTheStartOnAnyGrid) {
  at::set_num_threads(1);  // in small cases waiting threads cost more than they bring
  const at::Tensor start = normal(Seed(3), {3, 4});
  for (const auto which : {BetaCurve::linear, BetaCurve::scaled_linear, BetaCurve::cosine}) {
    const NoiseSchedule schedule(curve(which));
    for (const auto spacing : {Spacing::leading, Spacing::trailing, Spacing::linspace}) {
      for (int64_t steps : {1, 2, 7, 50, 333, 1000}) {
        for (double eta : {0.0, 0.5, 1.0}) {
          SamplerOptions o;
          o.spacing = spacing;
          o.steps = steps;
          o.eta = eta;
          const DiffusionSampler sampler(schedule, o);
          const auto perfect = [&](const at::Tensor& x, int64_t t) {
            const double alpha = schedule.alpha(t);
            return (x - std::sqrt(alpha) * start) / std::sqrt(1 - alpha);
          };
          const auto noise = [&](int64_t k) {
            return normal(Seed(4).at("step", static_cast<uint64_t>(k)), {3, 4});
          };
          const at::Tensor end = sampler.sample(normal(Seed(5), {3, 4}), perfect, noise);
          EXPECT_LT((end - start).abs().max().item<double>(), 1e-8)
              << steps << " steps, eta " << eta;
        }
      }
    }
  }
}

TEST(DiffusionSampler, ClippingHoldsTheEstimateBack) {
  SamplerOptions o;
  o.clip = 0.5;
  o.steps = 1;
  o.prediction = Prediction::start;
  const DiffusionSampler sampler(NoiseSchedule(curve(BetaCurve::linear)), o);
  const auto far = [](const at::Tensor& x, int64_t) { return at::full_like(x, 9); };
  EXPECT_EQ(sampler.sample(at::zeros({1, 2}), far).max().item<double>(), 0.5);
}

TEST(DiffusionSampler, RefusesAGridOutsideTheSchedule) {
  SamplerOptions o;
  o.spacing = Spacing::leading;
  o.steps = 1000;
  o.offset = 1;
  EXPECT_THROW(DiffusionSampler(NoiseSchedule({}), o), c10::Error);
  EXPECT_THROW(time_grid(Spacing::trailing, 10, 11), c10::Error);
}

DenoiserOptions small(DenoiserLayout layout) {
  DenoiserOptions o{.dim = 16, .layers = 2, .heads = 2, .feedforward = 24, .time_hidden = 8};
  o.layout = layout;
  o.zero_out = false;
  return o;
}

TEST(Denoiser, RowsKnowNothingOfEachOtherAndEveryInputCounts) {
  for (const auto layout : {DenoiserLayout::tokens, DenoiserLayout::concat}) {
    draw_from(Seed(7));
    Denoiser net(small(layout));
    cast(*net, at::kCPU, at::kDouble);
    const auto rows = [](uint64_t seed) { return normal(Seed(seed), {3, 16}); };
    const at::Tensor z = rows(1), c = rows(2), u = rows(3), t = at::tensor({1., 500., 999.});
    const at::Tensor all = net->forward(z, t, {c, u});
    const at::Tensor one =
        net->forward(z.slice(0, 1, 2), t.slice(0, 1, 2), {c.slice(0, 1, 2), u.slice(0, 1, 2)});
    EXPECT_TRUE(at::allclose(all[1], one[0], 1e-12, 1e-12));
    for (int64_t changed = 0; changed < 4; ++changed) {
      const at::Tensor more = rows(4);  // a constant would be taken off by the norms
      const at::Tensor other =
          net->forward(changed == 0 ? z + more : z, changed == 1 ? t + 1 : t,
                       {changed == 2 ? c + more : c, changed == 3 ? u + more : u});
      EXPECT_GT((other - all).abs().max().item<double>(), 1e-6) << changed;
    }
  }
}

TEST(Denoiser, StartsByPredictingZero) {
  auto o = small(DenoiserLayout::tokens);
  o.zero_out = true;
  Denoiser net(o);
  const at::Tensor z = at::ones({2, 16});
  EXPECT_EQ(net->forward(z, at::ones({2}), {z, z}).abs().max().item<double>(), 0);
  EXPECT_THROW(net->forward(z, at::ones({2}), {z}), c10::Error);
}

// 1,000 updates by 0.999 leave 0.999^1000 of the start.
TEST(MovingAverage, ForgetsAtItsRate) {
  torch::nn::Linear average(2, 2), live(2, 2);
  cast(*average, at::kCPU, at::kDouble);
  cast(*live, at::kCPU, at::kDouble);
  const at::Tensor start = average->weight.detach().clone();
  for (int i = 0; i < 1000; ++i) update_average(*average, *live, 0.999);
  const double left = std::pow(0.999, 1000);
  EXPECT_TRUE(at::allclose(average->weight, left * start + (1 - left) * live->weight, 1e-9, 1e-12));
}

}  // namespace diffusion_facts
}  // namespace tractrix::nn
