#include "tractrix/nn/diffusion_sampler.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace tractrix::nn {

at::Tensor dynamic_threshold(const at::Tensor& x, double q, double most) {
  const at::Tensor rows = x.reshape({x.size(0), -1});
  const at::Tensor bound = at::quantile(rows.abs(), q, 1, true).clamp(1, most);  // [B, 1]
  return (at::minimum(at::maximum(rows, -bound), bound) / bound).reshape(x.sizes());
}

DiffusionSampler::DiffusionSampler(const NoiseSchedule& schedule, const SamplerOptions& options)
    : schedule_(schedule),
      options_(options),
      grid_(time_grid(options.spacing, schedule.times(), options.steps, options.offset)) {
  for (int64_t t : grid_)
    TORCH_CHECK(t >= 0 && t < schedule_.times(), "DiffusionSampler: time ", t,
                " is outside the schedule");
}

int64_t DiffusionSampler::next(int64_t k) const {
  const auto place = static_cast<size_t>(k);
  if (options_.kind == Sampler::ddim && options_.equal_strides)
    return grid_.at(place) - schedule_.times() / options_.steps;
  return place + 1 < grid_.size() ? grid_[place + 1] : -1;
}

at::Tensor DiffusionSampler::limit(const at::Tensor& start) const {
  if (options_.threshold > 0)
    return dynamic_threshold(start, options_.threshold, options_.threshold_most);
  return options_.clip > 0 ? start.clamp(-options_.clip, options_.clip) : start;
}

at::Tensor DiffusionSampler::step_ddim(const at::Tensor& x, const at::Tensor& output, int64_t k,
                                       const StepNoise& noise) const {
  const double here = schedule_.alpha(grid_.at(static_cast<size_t>(k)));
  const int64_t to = next(k);
  const double there = to < 0 && !options_.end_at_one ? schedule_.alpha(0) : schedule_.alpha(to);
  Ends ends = ends_of(options_.prediction, x, output, here);
  ends.start = limit(ends.start);
  if (options_.reuse_clipped) ends.noise = ends_of(Prediction::start, x, ends.start, here).noise;
  const double variance = (1 - there) / (1 - here) * (1 - here / there);
  const double deviation = options_.eta * std::sqrt(std::max(variance, 0.0));
  const double kept = std::sqrt(std::max(1 - there - deviation * deviation, 0.0));
  const at::Tensor moved = std::sqrt(there) * ends.start + kept * ends.noise;
  return options_.eta > 0 ? moved + deviation * noise(k) : moved;
}

at::Tensor DiffusionSampler::step_ddpm(const at::Tensor& x, const at::Tensor& output, int64_t k,
                                       const StepNoise& noise) const {
  const int64_t t = grid_.at(static_cast<size_t>(k));
  const double here = schedule_.alpha(t), there = schedule_.alpha(next(k));
  const double alpha = here / there, beta = 1 - alpha;
  const bool learned = options_.variance == Variance::learned_range;
  const int64_t columns = x.size(1);
  const at::Tensor said = learned ? output.narrow(1, 0, columns) : output;
  const at::Tensor start = limit(ends_of(options_.prediction, x, said, here).start);
  const at::Tensor mean = std::sqrt(there) * beta / (1 - here) * start +
                          std::sqrt(alpha) * (1 - there) / (1 - here) * x;
  if (t == 0) return mean;
  const double small = std::max((1 - there) / (1 - here) * beta, 1e-20);
  if (learned) {
    const at::Tensor part = (output.narrow(1, columns, columns) + 1) / 2;
    const at::Tensor log = part * std::log(beta) + (1 - part) * std::log(small);
    return mean + (0.5 * log).exp() * noise(k);
  }
  const double variance = options_.variance == Variance::large ? beta : small;
  return mean + std::sqrt(variance) * noise(k);
}

at::Tensor DiffusionSampler::step(const at::Tensor& x, const at::Tensor& output, int64_t k,
                                  const StepNoise& noise) const {
  return options_.kind == Sampler::ddim ? step_ddim(x, output, k, noise)
                                        : step_ddpm(x, output, k, noise);
}

at::Tensor DiffusionSampler::sample(at::Tensor x, const Denoise& denoise, const StepNoise& noise,
                                    const std::function<void(const at::Tensor&)>& seen) const {
  for (size_t k = 0; k < grid_.size(); ++k) {
    x = step(x, denoise(x, grid_[k]), static_cast<int64_t>(k), noise);
    if (seen) seen(x);
  }
  return x;
}

}  // namespace tractrix::nn
