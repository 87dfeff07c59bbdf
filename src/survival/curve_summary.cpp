#include "tractrix/survival/curve_summary.hpp"

#include <cmath>
#include <string>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {

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
  const std::string where = "restricted mean";
  if (!(tau > 0) || !std::isfinite(tau)) {
    throw Error(where, "the limit must be a positive number, not " + std::to_string(tau));
  }
  if (curve.time.empty() || curve.time.front() < 0) {
    throw Error(where, "undefined: the curve is empty or has negative times");
  }
  if (tau > curve.time.back() && curve.survival.back() > 0) {
    throw Error(where,
                "undefined up to " + shortest(tau) + ": the follow-up ends at " +
                    shortest(curve.time.back()),
                "choose a limit within the follow-up");
  }
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

}  // namespace tractrix::survival
