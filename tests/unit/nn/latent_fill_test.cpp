// What stands for a missing latent: draws that follow from their seeds alone, and a planted model
// in which a mean is the wrong answer.
#include "tractrix/nn/latent_fill.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/optim/adam.h>

#include <cmath>
#include <limits>

#include "tractrix/core/error.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace latent_fill_facts {

LatentFillOptions small(Fill fill) {
  LatentFillOptions o;
  o.fill = fill;
  o.denoiser = {
      .dim = 8, .conditions = 1, .layers = 2, .heads = 2, .feedforward = 32, .time_hidden = 32};
  o.denoiser.zero_out = false;
  o.sampler.steps = 20;
  return o;
}

LatentFill made(const LatentFillOptions& options, const at::Tensor& latents) {
  at::set_num_threads(1);
  draw_from(Seed(1));
  LatentFill fill(options);
  cast(*fill, at::kCPU, latents.scalar_type());
  fill->fit(latents, "test");
  return fill;
}

std::vector<Seed> seeds_of(int64_t rows) {
  std::vector<Seed> seeds;
  for (int64_t i = 0; i < rows; ++i) seeds.push_back(Seed(9).at("row", static_cast<uint64_t>(i)));
  return seeds;
}

TEST(LatentFill, ARowKnowsNothingOfTheRestOfItsBatch) {
  for (double eta : {0.0, 1.0}) {
    auto options = small(Fill::diffusion);
    options.sampler.eta = eta;
    auto fill = made(options, normal(Seed(2), {20, 8}).to(at::kFloat));
    const at::Tensor conditions = normal(Seed(3), {3, 8}).to(at::kFloat);
    const auto seeds = seeds_of(3);
    const at::Tensor all = fill->complete({conditions}, seeds);
    for (int64_t i = 0; i < 3; ++i) {
      const at::Tensor one =
          fill->complete({conditions.narrow(0, i, 1)}, {seeds[static_cast<size_t>(i)]});
      EXPECT_LT((one[0] - all[i]).abs().max().item<double>(),
                1e-5 * all.abs().max().item<double>());
    }
    EXPECT_TRUE(at::equal(all, fill->complete({conditions}, seeds)));
    EXPECT_GT((all[0] - all[1]).abs().max().item<double>(), 1e-3);
  }
}

TEST(LatentFill, TheMeanAndZerosAreThose) {
  const at::Tensor latents = normal(Seed(4), {30, 8}) + 3,
                   condition = at::zeros({2, 8}, at::kDouble);
  auto mean = made(small(Fill::mean), latents);
  EXPECT_TRUE(at::allclose(mean->complete({condition}, seeds_of(2))[1], latents.mean(0)));
  EXPECT_TRUE(mean->parameters().empty());
  auto zero = made(small(Fill::zero), latents);
  EXPECT_EQ(zero->complete({condition}, seeds_of(2)).abs().max().item<double>(), 0);
}

TEST(LatentFill, SaysWhatItCannotLearnFrom) {
  at::set_num_threads(1);
  LatentFill fill(small(Fill::diffusion));
  EXPECT_FALSE(fill->ready());
  EXPECT_THROW(fill->fit(at::zeros({0, 8}), "own part of 'genomics'"), Error);
  at::Tensor broken = at::ones({2, 8});
  broken[1][3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(fill->fit(broken, "own part of 'genomics'"), Error);
  fill->fit(at::ones({2, 8}), "own part of 'genomics'");
  EXPECT_FALSE(fill->ready());  // nothing is learnt yet
  fill->after_step();
  EXPECT_TRUE(fill->ready());
}

// Mean distance between rows of a and b, minus half of those within each: 0 for equal
// distributions.
double energy_distance(const at::Tensor& a, const at::Tensor& b) {
  return (at::cdist(a, b).mean() - at::cdist(a, a).mean() / 2 - at::cdist(b, b).mean() / 2)
      .item<double>();
}

// The latent is plus or minus a direction, the condition says which plane: a regression can only
// say the middle.
struct Planted {
  at::Tensor condition, latent;
};
Planted planted(uint64_t seed, int64_t rows) {
  const at::Tensor side = normal(Seed(seed).at("side"), {rows, 1}).sign();
  const at::Tensor turn = normal(Seed(seed).at("turn"), {rows, 1}).sign();
  const at::Tensor along = at::cat({at::ones({rows, 4}, at::kDouble), turn.expand({rows, 4})}, 1);
  const at::Tensor noise = 0.1 * normal(Seed(seed).at("noise"), {rows, 8});
  return {turn.expand({rows, 8}).contiguous().to(at::kFloat),
          (side * along + noise).to(at::kFloat)};
}

void train(LatentFill& fill, const Planted& data, int64_t steps) {
  torch::optim::Adam adam(fill->parameters(), torch::optim::AdamOptions(3e-3));
  for (int64_t i = 0; i < steps; ++i) {
    draw_from(Seed(5).at("step", static_cast<uint64_t>(i)));
    adam.zero_grad();
    fill->loss(data.latent, {data.condition}).backward();
    adam.step();
    fill->after_step();
  }
}

TEST(LatentFill, DiffusionFindsBothSidesWhereRegressionSaysTheMiddle) {
  const Planted data = planted(6, 64), unseen = planted(7, 64);
  Named<double> distance;
  for (const auto& [name, kind] :
       {std::pair{"diffusion", Fill::diffusion}, std::pair{"regression", Fill::regression}}) {
    auto options = small(kind);
    options.draws = 1;
    options.average = 0.98;
    // With few steps: a small error of predicted noise is multiplied by 157 at the first time.
    options.sampler.prediction = Prediction::velocity;
    auto fill = made(options, data.latent);
    train(fill, data, 400);
    const at::Tensor said = fill->complete({unseen.condition}, seeds_of(64));
    distance[name] = energy_distance(said, unseen.latent);
  }
  // Measured: about 0.1 and 1.0; the middle of two points at distance 2 sqrt(8) is sqrt(8) off
  // both.
  EXPECT_LT(distance.at("diffusion"), 0.5 * distance.at("regression"));
}

}  // namespace latent_fill_facts
}  // namespace tractrix::nn
