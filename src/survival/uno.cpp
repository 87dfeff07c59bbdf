#include "tractrix/survival/uno.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "check.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "Uno's concordance index";

}  // namespace

double uno_concordance(const Patients& train, const Patients& test, std::span<const double> risk,
                       std::optional<double> tau, double tied_tolerance) {
  check_risks(kWhere, test.time, test.event, risk, tied_tolerance);
  if (tau && std::isnan(*tau)) throw Error(kWhere, "the truncation time is NaN");
  check_any_event(kWhere, test.event);
  const CensoringCurve censoring(train);
  double right = 0;
  double all = 0;
  for (size_t i = 0; i < risk.size(); ++i) {
    if (test.event[i] == 0 || (tau && test.time[i] >= *tau)) continue;
    const double g = censoring.weight(test.time[i]);
    double score = 0;
    double pairs = 0;
    for (size_t j = 0; j < risk.size(); ++j) {
      const bool later =
          test.time[j] > test.time[i] || (test.time[j] == test.time[i] && test.event[j] == 0);
      if (!later) continue;
      pairs += 1;
      const double difference = risk[i] - risk[j];
      if (std::abs(difference) <= tied_tolerance) {
        score += 0.5;
      } else if (difference > 0) {
        score += 1;
      }
    }
    right += g * g * score;
    all += g * g * pairs;
  }
  if (!(all > 0)) {
    throw Error(kWhere, "undefined: no comparable pair of patients before the truncation time",
                "choose a later truncation time or a larger test set");
  }
  return right / all;
}

}  // namespace tractrix::survival
