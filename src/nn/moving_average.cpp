#include "tractrix/nn/moving_average.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace tractrix::nn {

double average_decay(const MovingAverageOptions& options, int64_t n) {
  if (options.ramp == AverageRamp::constant) return options.most;
  const auto s = static_cast<double>(n - options.after - 1);
  if (s <= 0) return 0;
  const double decay = options.ramp == AverageRamp::warmup
                           ? 1 - std::pow(1 + s / options.inverse_gamma, -options.power)
                           : (1 + s) / (10 + s);
  return std::max(options.least, std::min(decay, options.most));
}

void update_average(torch::nn::Module& average, const torch::nn::Module& live, double decay) {
  const at::NoGradGuard no_grad;
  const auto kept = average.parameters(), now = live.parameters();
  TORCH_CHECK(kept.size() == now.size(), "update_average: the modules differ");
  for (size_t i = 0; i < kept.size(); ++i) kept[i].lerp_(now[i], 1 - decay);
}

}  // namespace tractrix::nn
