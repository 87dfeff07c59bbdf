#include "tractrix/survival/time_roc.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "check.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {

TimeRoc time_roc(const Patients& train, const Patients& test, std::span<const double> risk,
                 double t, double tied_tolerance) {
  const std::string where = "time-dependent ROC curve";
  check_risks(where, test.time, test.event, risk, tied_tolerance);
  check_any_event(where, test.event);
  check_times(where, test.time, std::array{t});
  const CensoringCurve censoring(train);
  std::vector<size_t> order(risk.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return risk[a] > risk[b]; });
  TimeRoc curve{{0}, {0}};
  double cases = 0, controls = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    const size_t i = order[k];
    if (test.time[i] > t) controls += 1;
    if (test.time[i] <= t && test.event[i] != 0) cases += censoring.weight(test.time[i]);
    const bool tied = k + 1 < order.size() && risk[i] - risk[order[k + 1]] <= tied_tolerance;
    if (tied) continue;
    curve.false_positive.push_back(controls);
    curve.true_positive.push_back(cases);
  }
  if (!(cases > 0))
    throw Error(where, "undefined at " + shortest(t) + ": no event has happened by then");
  for (double& value : curve.false_positive) value /= controls;  // check_times leaves a control
  for (double& value : curve.true_positive) value /= cases;
  return curve;
}

double true_positive_at(const TimeRoc& curve, double false_positive) {
  const auto& x = curve.false_positive;
  const auto& y = curve.true_positive;
  const auto above = std::upper_bound(x.begin(), x.end(), false_positive);
  if (above == x.end()) return y.back();
  const auto k = static_cast<size_t>(above - x.begin());
  if (k == 0) return 0;
  return y[k - 1] + (y[k] - y[k - 1]) * (false_positive - x[k - 1]) / (x[k] - x[k - 1]);
}

}  // namespace tractrix::survival
