// Inverse probability of censoring weights by the rules of scikit-survival's
// CensoringDistributionEstimator (Robins and Rotnitzky 1992; Uno et al. 2007).
#pragma once

#include <cstdint>
#include <span>

#include "tractrix/survival/kaplan_meier.hpp"

namespace tractrix::survival {

// Times and events (0 or 1) of one set of patients, both [N].
struct Patients {
  std::span<const double> time;
  std::span<const uint8_t> event;
};

// G(t) = P(censoring time > t), the Kaplan-Meier curve of the censorings of a (training) set.
// Right-continuous: G(t) includes the censorings at t; 1 before the first time and everywhere when
// nobody is censored.
class CensoringCurve {
 public:
  // Throws an Error for unequal lengths, times that are not finite and a set without event.
  explicit CensoringCurve(const Patients& train);

  // Beyond the last time 0 when the curve ends at 0, otherwise an Error: G is not known there.
  double at(double t) const;

  // 1 / G(t); throws an Error where G is 0.
  double weight(double t) const;

 private:
  KaplanMeier curve_;
  bool nobody_censored_ = false;
};

}  // namespace tractrix::survival
