// ROC curve at one time, cumulative cases and dynamic controls (Heagerty, Lumley and Pepe 2000;
// censoring weights as in Uno et al. 2007).
#pragma once

#include <span>
#include <vector>

#include "tractrix/survival/ipcw.hpp"

namespace tractrix::survival {

// Corners from (0, 0) to (1, 1), one per group of tied risks; straight lines between them.
struct TimeRoc {
  std::vector<double> false_positive;  // share of the controls (time > t) above a threshold
  std::vector<double> true_positive;   // share of the cases (event by t, weight 1 / G) above it
};

// Its area is time_auc() at t: same ties, same errors.
TimeRoc time_roc(const Patients& train, const Patients& test, std::span<const double> risk,
                 double t, double tied_tolerance = 1e-8);

// True positives at a share of false positives; the upper one where the curve is vertical.
double true_positive_at(const TimeRoc& curve, double false_positive);

}  // namespace tractrix::survival
