// Calibration at a time: predicted and observed share of events in groups of patients.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tractrix/survival/interval.hpp"
#include "tractrix/survival/ipcw.hpp"
#include "tractrix/survival/kaplan_meier.hpp"

namespace tractrix::survival {

struct CalibrationGroup {
  int64_t patients = 0;
  int64_t events = 0;    // by the time
  double predicted = 0;  // mean of the predicted probabilities
  double observed = 0;   // 1 - S(time), Kaplan-Meier of the group
  Interval interval;     // of observed, from the limits of S; of no width where S is 0 or 1
};

// Groups by quantiles of predicted (numpy's linear rule at 1/groups, 2/groups, ...; a patient on a
// cut point belongs to the upper group), from the lowest to the highest prediction. predicted: [N],
// the probability of an event by time t. Throws an Error for unequal lengths, values outside [0,
// 1], fewer than 1 or more than N groups, an empty group (too many equal predictions),
// and a group whose follow-up ends before t with S > 0, where its curve is not known.
std::vector<CalibrationGroup> calibration(const Patients& patients,
                                          std::span<const double> predicted, double t,
                                          int64_t groups, Band band = Band::log_log,
                                          double level = 0.95);

}  // namespace tractrix::survival
