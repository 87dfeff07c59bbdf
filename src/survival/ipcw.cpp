#include "tractrix/survival/ipcw.hpp"

#include <algorithm>
#include <string>

#include "check.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "censoring weights";

}  // namespace

CensoringCurve::CensoringCurve(const Patients& train) {
  check_survival(kWhere, train.time, train.event, 1);
  if (std::count(train.event.begin(), train.event.end(), 1) == 0) {
    throw Error(kWhere, "undefined: all training patients are censored",
                "give a training set with at least one event");
  }
  nobody_censored_ = std::count(train.event.begin(), train.event.end(), 0) == 0;
  curve_ = reverse_kaplan_meier(train.time, train.event);
}

double CensoringCurve::at(double t) const {
  if (nobody_censored_) return 1;
  if (t <= curve_.time.back()) return curve_.survival_at(t);
  if (curve_.survival.back() > 0) {
    throw Error(kWhere,
                "undefined at " + shortest(t) + ": the last training time is " +
                    shortest(curve_.time.back()),
                "choose a truncation time within the follow-up of the training patients");
  }
  return 0;
}

double CensoringCurve::weight(double t) const {
  const double g = at(t);
  if (g == 0) {
    throw Error(kWhere, "undefined: the probability of no censoring is 0 at " + shortest(t),
                "choose a smaller truncation time");
  }
  return 1 / g;
}

}  // namespace tractrix::survival
