// Quantiles and tails that the intervals and tests of this room ask for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tractrix/survival/interval.hpp"

namespace tractrix::survival {

// z with P(|Z| <= z) = level for a standard normal Z. Throws an Error unless 0 < level < 1.
double normal_quantile(const std::string& where, double level);

// Throws an Error unless 0 < level < 1.
void check_level(const std::string& where, double level);

// P(Z <= z), accurate in the lower tail.
double normal_cdf(double z);

// P(|Z| >= |z|), accurate in the tail.
double two_sided_p(double z);

ChiSquareTest chi_square_test(double chi_square, int64_t degrees);

// numpy's percentile (linear) at q in [0, 1] of ascending values: the interpolation starts from the
// nearer neighbour.
double quantile(const std::vector<double>& sorted, double q);

}  // namespace tractrix::survival
