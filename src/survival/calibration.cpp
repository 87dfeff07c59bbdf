#include "tractrix/survival/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "check.hpp"
#include "distributions.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "calibration";

void check(const Patients& patients, std::span<const double> predicted, double t, int64_t groups) {
  check_survival(kWhere, patients.time, patients.event, 1);
  const size_t n = patients.time.size();
  if (predicted.size() != n) {
    throw Error(kWhere, std::to_string(predicted.size()) + " predictions were given for " +
                            std::to_string(n) + " patients");
  }
  for (double value : predicted) {
    if (value >= 0 && value <= 1) continue;
    throw Error(kWhere, "a prediction is " + shortest(value) + ", not within [0, 1]",
                "give probabilities of an event by the time, not risks");
  }
  if (!std::isfinite(t)) throw Error(kWhere, "the time must be finite, not " + shortest(t));
  if (groups < 1 || groups > static_cast<int64_t>(n)) {
    throw Error(kWhere, std::to_string(groups) + " groups of " + std::to_string(n) +
                            " patients cannot be formed");
  }
}

std::vector<double> cut_points(std::span<const double> predicted, int64_t groups) {
  std::vector<double> sorted(predicted.begin(), predicted.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> cuts;
  for (int64_t g = 1; g < groups; ++g) {
    cuts.push_back(quantile(sorted, static_cast<double>(g) / static_cast<double>(groups)));
  }
  return cuts;
}

CalibrationGroup observe(const std::vector<double>& time, const std::vector<uint8_t>& event,
                         double t, Band band, double level) {
  const KaplanMeier curve = kaplan_meier(time, event);
  if (t > curve.time.back() && curve.survival.back() > 0) {
    throw Error(kWhere,
                "undefined at " + shortest(t) + ": the follow-up of one group ends at " +
                    shortest(curve.time.back()),
                "choose an earlier time or fewer groups");
  }
  const Limits limits = confidence_band(curve, band, level);
  CalibrationGroup group;
  group.patients = static_cast<int64_t>(time.size());
  double survival = 1;
  group.interval = {1, 1};
  for (size_t k = 0; k < curve.time.size() && curve.time[k] <= t; ++k) {
    group.events += curve.events[k];
    survival = curve.survival[k];
    group.interval = {limits.lower[k], limits.upper[k]};
  }
  group.observed = 1 - survival;
  group.interval = {1 - group.interval.upper, 1 - group.interval.lower};
  return group;
}

}  // namespace

std::vector<CalibrationGroup> calibration(const Patients& patients,
                                          std::span<const double> predicted, double t,
                                          int64_t groups, Band band, double level) {
  check(patients, predicted, t, groups);
  const std::vector<double> cuts = cut_points(predicted, groups);
  const auto count = static_cast<size_t>(groups);
  std::vector<std::vector<double>> time(count);
  std::vector<std::vector<uint8_t>> event(count);
  std::vector<double> sum(count, 0.0);
  for (size_t i = 0; i < predicted.size(); ++i) {
    const auto g = static_cast<size_t>(std::upper_bound(cuts.begin(), cuts.end(), predicted[i]) -
                                       cuts.begin());
    time[g].push_back(patients.time[i]);
    event[g].push_back(patients.event[i]);
    sum[g] += predicted[i];
  }
  std::vector<CalibrationGroup> result;
  for (size_t g = 0; g < count; ++g) {
    if (time[g].empty()) {
      throw Error(kWhere,
                  "group " + std::to_string(g) + " of " + std::to_string(groups) +
                      " is empty: too many patients have the same prediction",
                  "use fewer groups");
    }
    result.push_back(observe(time[g], event[g], t, band, level));
    result.back().predicted = sum[g] / static_cast<double>(time[g].size());
  }
  return result;
}

}  // namespace tractrix::survival
