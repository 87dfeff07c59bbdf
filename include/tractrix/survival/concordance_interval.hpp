// Confidence interval of Harrell's index, and two indices on the same patients.
#pragma once

#include <cstdint>
#include <span>

#include "tractrix/survival/concordance_error.hpp"
#include "tractrix/survival/interval.hpp"

namespace tractrix::survival {

// plain: C +- z se, cut to [0, 1]. logit: the same for log(C / (1 - C)), whose standard error is
// se / (C (1 - C)), mapped back; it stays within (0, 1) and keeps its coverage near the ends.
enum class ConcordanceScale { plain, logit };

// Throws an Error for a level outside (0, 1) and where the standard error is 0 (all pairs
// concordant, discordant or tied): an interval of no width would claim certainty.
Interval concordance_interval(const ConcordanceError& estimate,
                              ConcordanceScale scale = ConcordanceScale::logit,
                              double level = 0.95);

struct ConcordanceDifference {
  double first = 0;       // index of the first risks
  double second = 0;      // index of the second
  double difference = 0;  // first - second
  double standard_error = 0;
  Interval interval;  // difference +- z se
  double z = 0;
  double p = 1;  // two-sided, normal
};

// The difference of two indices on the same patients is a statistic with influence values of its
// own: those of the first minus those of the second, so their correlation is accounted for
// (Therneau and Atkinson, vignette "Concordance" of R's survival package). time, event, first,
// second: [N]. Errors of concordance(), and where the standard error is 0 (the two rank every
// pair alike).
ConcordanceDifference compare_concordance(std::span<const double> time,
                                          std::span<const uint8_t> event,
                                          std::span<const double> first,
                                          std::span<const double> second, double level = 0.95,
                                          double tied_tolerance = 1e-8);

}  // namespace tractrix::survival
