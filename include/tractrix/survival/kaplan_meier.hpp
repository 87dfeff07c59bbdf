// Kaplan-Meier curves with Greenwood's variance (Kaplan and Meier 1958; Greenwood 1926).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tractrix::survival {

// One entry per distinct time, ascending. S(t) = product over t_k <= t of (1 - d_k / n_k):
// right-continuous, 1 before the first time. Censorings leave after the events of their time.
struct KaplanMeier {
  std::vector<double> time;
  std::vector<int64_t> at_risk;  // n_k: time >= t_k
  std::vector<int64_t> events;   // d_k
  std::vector<int64_t> censored;
  std::vector<double> survival;  // S(t_k)
  std::vector<double>
      greenwood;  // sum of d / (n (n - d)) = variance of log S; a step to 0 adds no term

  double survival_at(double t) const;
};

// time, event (0 or 1): [N], N >= 1. Throws an Error for unequal lengths, no patient and times that
// are not finite.
KaplanMeier kaplan_meier(std::span<const double> time, std::span<const uint8_t> event);

// The curve of the censoring times, for inverse probability weights: here the events leave before
// the censorings of their time (scikit-survival's reverse = True). In the result events are the
// censorings and at_risk excludes the patients whose event is at t_k.
KaplanMeier reverse_kaplan_meier(std::span<const double> time, std::span<const uint8_t> event);

enum class Band { plain, log, log_log };
struct Limits {
  std::vector<double> lower, upper;  // one entry per time of the curve, within [0, 1]
};

// Pointwise confidence limits: plain S +- z S se, log S exp(+-z se), log-log S^exp(-+z se / log S),
// with se^2 = greenwood and z the normal quantile for this level. Where S is 1 or 0 both limits are
// S itself, as scikit-survival and lifelines print it (R prints NA).
Limits confidence_band(const KaplanMeier& curve, Band band = Band::log_log, double level = 0.95);

// The first time with S <= 1/2 (lifelines' rule; R takes the middle of the interval when S is
// exactly 1/2 on one); none when the curve stays above. S is compared with a relative tolerance of
// 1e-12, since 1/2 is a product of roundings.
std::optional<double> median_time(const KaplanMeier& curve);

}  // namespace tractrix::survival
