#include "tractrix/survival/curve_summary.hpp"

#include <cmath>
#include <string>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {

namespace {

const std::string kMean = "restricted mean";
const std::string kQuantile = "quantile of survival";

void check_limit(const KaplanMeier& curve, double tau) {
  if (!(tau > 0) || !std::isfinite(tau)) {
    throw Error(kMean, "the limit must be a positive number, not " + std::to_string(tau));
  }
  if (curve.time.empty() || curve.time.front() < 0) {
    throw Error(kMean, "undefined: the curve is empty or has negative times");
  }
  if (tau > curve.time.back() && curve.survival.back() > 0) {
    throw Error(kMean,
                "undefined up to " + shortest(tau) + ": the follow-up ends at " +
                    shortest(curve.time.back()),
                "choose a limit within the follow-up");
  }
}

// First time with values <= level, or the middle of the plateau at it. Entries where the curve is
// at 0 count for the curve itself only.
std::optional<double> crossing(const KaplanMeier& curve, const std::vector<double>& values,
                               double level, bool is_limit) {
  // R compares with the root of the machine's precision.
  constexpr double kTolerance = 1.4901161193847656e-8;
  std::optional<double> first;
  for (size_t k = 0; k < values.size(); ++k) {
    if (is_limit && curve.survival[k] == 0) break;
    if (!first && values[k] <= level + kTolerance) first = curve.time[k];
    if (values[k] <= level - kTolerance) return (*first + curve.time[k]) / 2;
  }
  // The plateau lasts to the end; a limit that stops where the curve reaches 0 has no end.
  if (!first || (is_limit && curve.survival.back() == 0)) return std::nullopt;
  return (*first + curve.time.back()) / 2;
}

}  // namespace

std::vector<double> nelson_aalen(const KaplanMeier& curve) {
  std::vector<double> hazard;
  double sum = 0;
  for (size_t k = 0; k < curve.time.size(); ++k) {
    // A reverse curve can have nobody at risk: no step.
    if (curve.events[k] > 0) {
      sum += static_cast<double>(curve.events[k]) / static_cast<double>(curve.at_risk[k]);
    }
    hazard.push_back(sum);
  }
  return hazard;
}

double restricted_mean(const KaplanMeier& curve, double tau) {
  check_limit(curve, tau);
  double sum = 0;
  double from = 0;
  double survival = 1;
  for (size_t k = 0; k < curve.time.size() && curve.time[k] < tau; ++k) {
    sum += survival * (curve.time[k] - from);
    from = curve.time[k];
    survival = curve.survival[k];
  }
  return sum + survival * (tau - from);
}

double restricted_mean_error(const KaplanMeier& curve, double tau) {
  check_limit(curve, tau);
  double area = 0;
  double variance = 0;
  double to = tau;
  for (size_t k = curve.time.size(); k > 0; --k) {
    if (curve.time[k - 1] > tau) continue;
    area += curve.survival[k - 1] * (to - curve.time[k - 1]);
    to = curve.time[k - 1];
    const auto n = static_cast<double>(curve.at_risk[k - 1]);
    const auto d = static_cast<double>(curve.events[k - 1]);
    if (d > 0 && d < n) variance += area * area * d / (n * (n - d));
  }
  return std::sqrt(variance);
}

TimeQuantile time_quantile(const KaplanMeier& curve, double probability, Band band, double level) {
  if (curve.time.empty()) throw Error(kQuantile, "undefined: the curve is empty");
  if (!(probability > 0 && probability < 1)) {
    throw Error(kQuantile,
                "a probability must lie between 0 and 1, not " + std::to_string(probability));
  }
  const Limits limits = confidence_band(curve, band, level);
  const double survival = 1 - probability;
  return {crossing(curve, curve.survival, survival, false),
          crossing(curve, limits.lower, survival, true),
          crossing(curve, limits.upper, survival, true)};
}

}  // namespace tractrix::survival
