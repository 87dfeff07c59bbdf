#include "tractrix/nn/noise_schedule.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace tractrix::nn {
namespace noise_schedule_detail {

constexpr double kPi = 3.14159265358979323846;

double cosine_signal(double part, double offset) {
  const double c = std::cos((part + offset) / (1 + offset) * kPi / 2);
  return c * c;
}

std::vector<double> make_betas(const NoiseScheduleOptions& o) {
  const auto n = static_cast<double>(o.times);
  const bool scaled = o.curve == BetaCurve::scaled_linear;
  const double first = scaled ? std::sqrt(o.first) : o.first,
               last = scaled ? std::sqrt(o.last) : o.last;
  std::vector<double> betas;
  for (int64_t i = 0; i < o.times; ++i) {
    const auto t = static_cast<double>(i);
    if (o.curve == BetaCurve::cosine) {
      const double kept = cosine_signal((t + 1) / n, o.offset) / cosine_signal(t / n, o.offset);
      betas.push_back(std::min(1 - kept, o.cap));
    } else {
      const double value = o.times == 1 ? first : first + (last - first) * t / (n - 1);
      betas.push_back(scaled ? value * value : value);
    }
  }
  return betas;
}

std::vector<double> products(const std::vector<double>& betas) {
  std::vector<double> all;
  double product = 1;
  for (double beta : betas) all.push_back(product *= 1 - beta);
  return all;
}

// Shifts and scales sqrt(a) so that the first stays and the last becomes 0.
std::vector<double> without_terminal_signal(const std::vector<double>& betas) {
  const auto alphas = products(betas);
  const double first = std::sqrt(alphas.front()), last = std::sqrt(alphas.back());
  std::vector<double> out;
  double before = 1;
  for (double alpha : alphas) {
    const double root = (std::sqrt(alpha) - last) * first / (first - last);
    out.push_back(1 - root * root / before);
    before = root * root;
  }
  return out;
}

}  // namespace noise_schedule_detail

NoiseSchedule::NoiseSchedule(const NoiseScheduleOptions& options)
    : betas_(noise_schedule_detail::make_betas(options)) {
  TORCH_CHECK(options.times > 0, "NoiseSchedule: needs at least one time");
  if (options.zero_terminal) betas_ = noise_schedule_detail::without_terminal_signal(betas_);
  alphas_ = noise_schedule_detail::products(betas_);
}

at::Tensor NoiseSchedule::alphas_of(const at::Tensor& t, const at::Tensor& like) const {
  const at::Tensor table = at::tensor(alphas_, at::kDouble).to(t.device());
  const at::Tensor rows = table.index_select(0, t.to(at::kLong));
  std::vector<int64_t> shape(static_cast<size_t>(like.dim()), 1);
  shape.front() = -1;
  return rows.to(like.device(), like.scalar_type()).reshape(shape);
}

at::Tensor NoiseSchedule::diffuse(const at::Tensor& start, const at::Tensor& noise,
                                  const at::Tensor& t) const {
  const at::Tensor alpha = alphas_of(t, start);
  return alpha.sqrt() * start + (1 - alpha).sqrt() * noise;
}

at::Tensor NoiseSchedule::velocity(const at::Tensor& start, const at::Tensor& noise,
                                   const at::Tensor& t) const {
  const at::Tensor alpha = alphas_of(t, start);
  return alpha.sqrt() * noise - (1 - alpha).sqrt() * start;
}

at::Tensor wanted(Prediction prediction, const NoiseSchedule& schedule, const at::Tensor& start,
                  const at::Tensor& noise, const at::Tensor& t) {
  if (prediction == Prediction::noise) return noise;
  return prediction == Prediction::start ? start : schedule.velocity(start, noise, t);
}

Ends ends_of(Prediction prediction, const at::Tensor& x, const at::Tensor& output, double alpha) {
  const double signal = std::sqrt(alpha), rest = std::sqrt(1 - alpha);
  switch (prediction) {
    case Prediction::noise:
      return {(x - rest * output) / signal, output};
    case Prediction::velocity:
      return {signal * x - rest * output, signal * output + rest * x};
    default:
      return {output, (x - signal * output) / rest};
  }
}

std::vector<int64_t> time_grid(Spacing spacing, int64_t times, int64_t steps, int64_t offset) {
  TORCH_CHECK(steps >= 1 && steps <= times, "time_grid: steps must be between 1 and ", times);
  std::vector<int64_t> grid;
  const double all = static_cast<double>(times), count = static_cast<double>(steps);
  for (int64_t k = 0; k < steps; ++k) {
    const auto place = static_cast<double>(k);
    if (spacing == Spacing::leading) {
      grid.push_back((steps - 1 - k) * (times / steps) + offset);
    } else if (spacing == Spacing::trailing) {
      grid.push_back(static_cast<int64_t>(std::nearbyint(all - place * all / count)) - 1);
    } else {
      const double back = steps == 1 ? 0 : (count - 1 - place) * (all - 1) / (count - 1);
      grid.push_back(static_cast<int64_t>(std::nearbyint(back)));
    }
  }
  return grid;
}

}  // namespace tractrix::nn
