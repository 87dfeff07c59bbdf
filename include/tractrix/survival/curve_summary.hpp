// Summaries of a Kaplan-Meier curve: cumulative hazard and restricted mean.
#pragma once

#include <vector>

#include "tractrix/survival/kaplan_meier.hpp"

namespace tractrix::survival {

// Nelson-Aalen estimate: sum over t_k <= t of d_k / n_k (Nelson 1972; Aalen 1978); one entry per
// time of the curve, no correction for ties.
std::vector<double> nelson_aalen(const KaplanMeier& curve);

// Area under the curve from 0 to tau. Beyond the last time the curve is continued when it ends at
// 0; otherwise, and for tau <= 0, negative times and an empty curve, an Error.
double restricted_mean(const KaplanMeier& curve, double tau);

}  // namespace tractrix::survival
