// How much noise a latent holds at each time of a diffusion process, and what a network that sees
// it predicts: DDPM (Ho et al. 2020), cosine (Nichol & Dhariwal 2021), scaled linear (Rombach et
// al. 2022), v (Salimans & Ho 2022), zero terminal signal (Lin et al. 2024). Tables are double, as
// products of 1,000 factors lose digits in float.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace tractrix::nn {

enum class BetaCurve { linear, scaled_linear, cosine };

struct NoiseScheduleOptions {
  int64_t times = 1000;
  BetaCurve curve = BetaCurve::linear;
  double first = 1e-4, last = 2e-2;    // betas of the linear curves
  double offset = 0.008, cap = 0.999;  // cosine: shift of the angle, largest beta
  bool zero_terminal = false;          // no signal is left at the last time
};

// x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise, a_t = product of 1 - beta up to t.
class NoiseSchedule {
 public:
  explicit NoiseSchedule(const NoiseScheduleOptions& options);

  int64_t times() const { return static_cast<int64_t>(betas_.size()); }
  const std::vector<double>& betas() const { return betas_; }
  const std::vector<double>& alphas_cumprod() const { return alphas_; }
  double alpha(int64_t t) const { return t < 0 ? 1.0 : alphas_.at(static_cast<size_t>(t)); }

  // start, noise [B, ...]; t [B], whole numbers.
  at::Tensor diffuse(const at::Tensor& start, const at::Tensor& noise, const at::Tensor& t) const;
  // v = sqrt(a_t) noise - sqrt(1 - a_t) start
  at::Tensor velocity(const at::Tensor& start, const at::Tensor& noise, const at::Tensor& t) const;

 private:
  // a_t of each row, with as many axes as like.
  at::Tensor alphas_of(const at::Tensor& t, const at::Tensor& like) const;

  std::vector<double> betas_, alphas_;
};

// What a network's output means.
enum class Prediction { noise, velocity, start };

// What a network should say of rows diffused to t: the noise, v or the start itself.
at::Tensor wanted(Prediction prediction, const NoiseSchedule& schedule, const at::Tensor& start,
                  const at::Tensor& noise, const at::Tensor& t);

// Both ends of x as the network's output has them, alpha = a_t of all rows.
struct Ends {
  at::Tensor start, noise;
};
Ends ends_of(Prediction prediction, const at::Tensor& x, const at::Tensor& output, double alpha);

enum class Spacing { leading, trailing, linspace };

// Decreasing times of a sampler with fewer steps (diffusers' three grids). leading: multiples of
// floor(times / steps) plus offset; trailing: round(times - k times / steps) - 1; linspace: from
// times - 1 to 0, halves to even. leading with an offset may leave the schedule.
std::vector<int64_t> time_grid(Spacing spacing, int64_t times, int64_t steps, int64_t offset = 0);

}  // namespace tractrix::nn
