// Summaries of a Kaplan-Meier curve: cumulative hazard, restricted mean and quantiles.
#pragma once

#include <optional>
#include <vector>

#include "tractrix/survival/kaplan_meier.hpp"

namespace tractrix::survival {

// Nelson-Aalen estimate: sum over t_k <= t of d_k / n_k (Nelson 1972; Aalen 1978); one entry per
// time of the curve, no correction for ties.
std::vector<double> nelson_aalen(const KaplanMeier& curve);

// Area under the curve from 0 to tau. Beyond the last time the curve is continued when it ends at
// 0; otherwise, and for tau <= 0, negative times and an empty curve, an Error.
double restricted_mean(const KaplanMeier& curve, double tau);

// Standard error of restricted_mean(): root of the sum of A_k^2 d_k / (n_k (n_k - d_k)) over the
// events by tau, A_k = area from t_k to tau (R's survival package). Errors of restricted_mean().
double restricted_mean_error(const KaplanMeier& curve, double tau);

// None where the curve, or its limit, does not come down to 1 - probability.
struct TimeQuantile {
  std::optional<double> estimate, lower, upper;
};

// When a share of the patients has had the event (probability 1/2: the median), by the rule of R's
// survfit: the first time with S <= 1 - probability, or the middle of the interval on which S
// equals it (up to the last time when the curve ends so; median_time() takes the first time).
// Limits by Brookmeyer and Crowley 1982: the same rule on the pointwise limits of the curve, which
// are not defined where S is 0. The upper limit of a curve can rise again: the first crossing
// counts, as in R's print (its quantile() sorts the limits first). Throws an Error for a
// probability or level outside (0, 1) and an empty curve.
TimeQuantile time_quantile(const KaplanMeier& curve, double probability = 0.5,
                           Band band = Band::log_log, double level = 0.95);

}  // namespace tractrix::survival
