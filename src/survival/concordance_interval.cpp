#include "tractrix/survival/concordance_interval.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "distributions.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "concordance interval";

// Influences are sums of multiples of 1/2 minus the index, divided by the number of pairs: below
// this they are roundings of 0.
constexpr double kRounding = 1e-14;

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

Interval concordance_interval(const ConcordanceError& estimate, ConcordanceScale scale,
                              double level) {
  const double z = normal_quantile(kWhere, level);
  const double c = estimate.index;
  const double se = estimate.standard_error;
  if (!(se > kRounding)) {
    throw Error(kWhere, "undefined: the standard error of the index " + std::to_string(c) + " is 0",
                "every pair is concordant, discordant or tied; report the index alone");
  }
  if (scale == ConcordanceScale::plain) {
    return {std::max(0.0, c - z * se), std::min(1.0, c + z * se)};
  }
  const double centre = std::log(c / (1 - c));
  const double half = z * se / (c * (1 - c));
  return {logistic(centre - half), logistic(centre + half)};
}

ConcordanceDifference compare_concordance(std::span<const double> time,
                                          std::span<const uint8_t> event,
                                          std::span<const double> first,
                                          std::span<const double> second, double level,
                                          double tied_tolerance) {
  const double quantile = normal_quantile(kWhere, level);
  const ConcordanceError a = concordance_error(time, event, first, tied_tolerance);
  const ConcordanceError b = concordance_error(time, event, second, tied_tolerance);
  ConcordanceDifference result;
  result.first = a.index;
  result.second = b.index;
  result.difference = a.index - b.index;
  double sum = 0;
  for (size_t i = 0; i < a.influence.size(); ++i) {
    const double own = a.influence[i] - b.influence[i];
    sum += own * own;
  }
  result.standard_error = std::sqrt(sum);
  if (!(result.standard_error > kRounding)) {
    throw Error(kWhere, "undefined: the difference of the two indices has the standard error 0",
                "both risks rank the patients in the same way");
  }
  result.z = result.difference / result.standard_error;
  result.p = two_sided_p(result.z);
  result.interval = {result.difference - quantile * result.standard_error,
                     result.difference + quantile * result.standard_error};
  return result;
}

}  // namespace tractrix::survival
