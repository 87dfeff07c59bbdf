#include "check.hpp"

#include <algorithm>
#include <cmath>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {

void check_finite(const std::string& where, const std::string& what,
                  std::span<const double> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw Error(where, what + " of patient " + std::to_string(i) + " is " +
                           std::to_string(values[i]) + "; a finite number was expected");
  }
}

void check_survival(const std::string& where, std::span<const double> time,
                    std::span<const uint8_t> event, size_t least) {
  if (time.size() != event.size()) {
    throw Error(where, std::to_string(time.size()) + " times and " + std::to_string(event.size()) +
                           " events were given; one of each per patient was expected");
  }
  if (time.size() < least) {
    throw Error(where, "undefined for " + std::to_string(time.size()) + " patients; at least " +
                           std::to_string(least) + " are needed");
  }
  check_finite(where, "time", time);
  for (size_t i = 0; i < event.size(); ++i) {
    if (event[i] <= 1) continue;
    throw Error(where, "event of patient " + std::to_string(i) + " is " + std::to_string(event[i]) +
                           "; 0 (censored) or 1 was expected");
  }
}

void check_risks(const std::string& where, std::span<const double> time,
                 std::span<const uint8_t> event, std::span<const double> risk, double tolerance) {
  check_survival(where, time, event, 2);
  if (risk.size() != time.size()) {
    throw Error(where, std::to_string(risk.size()) + " risks were given for " +
                           std::to_string(time.size()) + " patients");
  }
  check_finite(where, "risk", risk);
  if (!(tolerance >= 0)) throw Error(where, "the tolerance for tied risks must be 0 or more");
}

void check_any_event(const std::string& where, std::span<const uint8_t> event) {
  if (std::find(event.begin(), event.end(), 1) == event.end()) {
    throw Error(where, "undefined: all patients are censored");
  }
}

void check_times(const std::string& where, std::span<const double> follow_up,
                 std::span<const double> times) {
  if (times.empty()) throw Error(where, "no time of evaluation was given");
  const auto [low, high] = std::minmax_element(follow_up.begin(), follow_up.end());
  for (double t : times) {
    if (t >= *low && t < *high) continue;
    throw Error(where,
                "the time " + shortest(t) + " is outside the follow-up [" + shortest(*low) + ", " +
                    shortest(*high) + ")",
                "choose times within the follow-up of the test patients");
  }
}

}  // namespace tractrix::survival
