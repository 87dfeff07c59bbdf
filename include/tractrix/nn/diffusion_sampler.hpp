// From noise to a sample: DDPM (Ho et al. 2020) and DDIM (Song et al. 2021) on any grid of times.
// The arithmetic is that of diffusers 0.35.2 (tests/goldens/st_diffusion), but for the next time:
// ours is the grid's next element and the last step ends without noise; equal_strides and
// end_at_one give the library's behaviour.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "tractrix/nn/noise_schedule.hpp"

namespace tractrix::nn {

enum class Sampler { ddim, ddpm };

// Of a DDPM step: the posterior's (small; diffusers' fixed_small and fixed_small_log), beta
// (large), or between both as the network's second half of columns says.
enum class Variance { small, large, learned_range };

struct SamplerOptions {
  Sampler kind = Sampler::ddim;
  Prediction prediction = Prediction::noise;
  Spacing spacing = Spacing::trailing;
  int64_t steps = 50, offset = 0;
  double eta = 0;              // ddim: 0 deterministic, 1 as noisy as ddpm
  double clip = 0;             // estimates of the start stay within [-clip, clip]; 0: no clipping
  double threshold = 0;        // or within this quantile of each row's absolute values, scaled to
  double threshold_most = 1;   // at most this (Saharia et al. 2022); 0: off
  bool reuse_clipped = false;  // ddim: the noise is derived anew from a clipped start
  Variance variance = Variance::small;  // ddpm
  bool equal_strides = false;  // ddim: from t to t - floor(times / steps), whatever the grid says
  bool end_at_one = true;      // ddim: past time 0 nothing is noise; false: as much as at time 0
};

// A network's output for rows x [B, ...] at time t; with learned_range twice the columns of axis 1.
using Denoise = std::function<at::Tensor(const at::Tensor& x, int64_t t)>;
// Standard normal numbers like x for a step, counted from 0; asked for only where they are used.
using StepNoise = std::function<at::Tensor(int64_t step)>;

class DiffusionSampler {
 public:
  // Throws a c10::Error when the grid leaves the schedule.
  DiffusionSampler(const NoiseSchedule& schedule, const SamplerOptions& options);

  const std::vector<int64_t>& grid() const { return grid_; }
  // x at the k-th time of the grid -> at the next one.
  at::Tensor step(const at::Tensor& x, const at::Tensor& output, int64_t k,
                  const StepNoise& noise) const;
  // All steps. seen: after each one.
  at::Tensor sample(at::Tensor x, const Denoise& denoise, const StepNoise& noise = {},
                    const std::function<void(const at::Tensor&)>& seen = {}) const;

 private:
  int64_t next(int64_t k) const;  // below 0: the end
  at::Tensor limit(const at::Tensor& start) const;
  at::Tensor step_ddim(const at::Tensor& x, const at::Tensor& output, int64_t k,
                       const StepNoise& noise) const;
  at::Tensor step_ddpm(const at::Tensor& x, const at::Tensor& output, int64_t k,
                       const StepNoise& noise) const;

  NoiseSchedule schedule_;
  SamplerOptions options_;
  std::vector<int64_t> grid_;
};

// Each row of x [B, ...] clamped to the quantile q of its absolute values, which is kept within
// [1, most], and divided by it.
at::Tensor dynamic_threshold(const at::Tensor& x, double q, double most);

}  // namespace tractrix::nn
