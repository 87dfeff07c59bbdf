// Exponential moving averages of weights.
#pragma once

#include <torch/nn/module.h>

#include <cstdint>

namespace tractrix::nn {

// constant: `most` from the first step (Stem's update_ema). ramp: (1 + s) / (10 + s), capped at
// most; warmup: 1 - (1 + s / inverse_gamma)^-power, between least and most. s = updates - after -
// 1; as long as s <= 0 the average is a copy (diffusers 0.35.2, EMAModel).
enum class AverageRamp { constant, ramp, warmup };

struct MovingAverageOptions {
  double most = 0.999, least = 0;
  AverageRamp ramp = AverageRamp::constant;
  double inverse_gamma = 1, power = 2.0 / 3;
  int64_t after = 0;
};

// The old average's share at the n-th update, counted from 1.
double average_decay(const MovingAverageOptions& options, int64_t n);

// average <- decay average + (1 - decay) live, parameter by parameter in their order; no graph.
void update_average(torch::nn::Module& average, const torch::nn::Module& live, double decay);

}  // namespace tractrix::nn
