#include "tractrix/survival/time_auc.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "check.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "time-dependent AUC";

// order: patients by descending risk; weight: 1 / G of events. Trapezoids over groups of ties.
double area(const Patients& test, std::span<const double> risk, const std::vector<size_t>& order,
            const std::vector<double>& weight, double t, double tolerance) {
  double sum = 0;
  double cases = 0;
  double controls = 0;
  for (size_t first = 0, last = 0; first < order.size(); first = last) {
    double new_cases = 0;
    double new_controls = 0;
    do {
      const size_t i = order[last];
      if (test.time[i] > t) new_controls += 1;
      if (test.time[i] <= t && test.event[i] != 0) new_cases += weight[i];
      ++last;
    } while (last < order.size() && risk[order[last - 1]] - risk[order[last]] <= tolerance);
    sum += new_controls * (cases + new_cases / 2);
    cases += new_cases;
    controls += new_controls;
  }
  if (!(cases > 0)) {
    throw Error(kWhere, "undefined at " + shortest(t) + ": no event has happened by then",
                "leave out the times before the first event");
  }
  return sum / (cases * controls);
}

std::vector<size_t> descending(std::span<const double> risk) {
  std::vector<size_t> order(risk.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return risk[a] > risk[b]; });
  return order;
}

// 1 / G at the events, 0 elsewhere.
std::vector<double> event_weights(const Patients& train, const Patients& test) {
  const CensoringCurve censoring(train);
  std::vector<double> weight(test.time.size(), 0.0);
  for (size_t i = 0; i < weight.size(); ++i) {
    if (test.event[i] != 0) weight[i] = censoring.weight(test.time[i]);
  }
  return weight;
}

void add_mean(TimeAuc& result, const Patients& test) {
  const KaplanMeier curve = kaplan_meier(test.time, test.event);
  double before = 1;
  for (size_t k = 0; k < result.times.size(); ++k) {
    const double survival = curve.survival_at(result.times[k]);
    result.mean += result.auc[k] * (before - survival);
    before = survival;
  }
  result.mean = result.auc.size() == 1 ? result.auc[0] : result.mean / (1 - before);
}

}  // namespace

TimeAuc time_auc(const Patients& train, const Patients& test, std::span<const double> risk,
                 std::span<const double> times, double tied_tolerance) {
  check_risks(kWhere, test.time, test.event, risk, tied_tolerance);
  check_any_event(kWhere, test.event);
  TimeAuc result;
  result.times.assign(times.begin(), times.end());
  check_times(kWhere, test.time, times);
  std::sort(result.times.begin(), result.times.end());
  result.times.erase(std::unique(result.times.begin(), result.times.end()), result.times.end());
  const std::vector<double> weight = event_weights(train, test);
  const std::vector<size_t> order = descending(risk);
  for (double t : result.times) {
    result.auc.push_back(area(test, risk, order, weight, t, tied_tolerance));
  }
  add_mean(result, test);
  return result;
}

TimeAuc time_auc_per_time(const Patients& train, const Patients& test, std::span<const double> risk,
                          std::span<const double> times, double tied_tolerance) {
  const size_t n = test.time.size();
  if (risk.size() != n * times.size()) {
    throw Error(kWhere, std::to_string(risk.size()) + " risks were given for " + std::to_string(n) +
                            " patients and " + std::to_string(times.size()) + " times");
  }
  check_survival(kWhere, test.time, test.event, 2);
  check_times(kWhere, test.time, times);
  check_any_event(kWhere, test.event);
  const std::vector<double> weight = event_weights(train, test);
  TimeAuc result;
  std::vector<double> column(n);
  for (size_t k = 0; k < times.size(); ++k) {
    if (k > 0 && !(times[k] > times[k - 1])) {
      throw Error(kWhere, "the times must ascend strictly", "sort them, with their risks");
    }
    for (size_t i = 0; i < n; ++i) column[i] = risk[i * times.size() + k];
    check_risks(kWhere, test.time, test.event, column, tied_tolerance);
    result.times.push_back(times[k]);
    result.auc.push_back(area(test, column, descending(column), weight, times[k], tied_tolerance));
  }
  add_mean(result, test);
  return result;
}

}  // namespace tractrix::survival
