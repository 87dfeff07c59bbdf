// Harrell's concordance index with censoring, by the rules of scikit-survival's
// concordance_index_censored.
#pragma once

#include <cstdint>
#include <span>

namespace tractrix::survival {

// A pair is comparable when one patient has an event and the other has a later time, or the same
// time and is censored; two events at one time make no pair. A higher risk for the earlier event is
// concordant; a tied risk counts half.
struct Concordance {
  double index = 0;  // (concordant + tied_risk / 2) / comparable
  int64_t concordant = 0;
  int64_t discordant = 0;
  int64_t tied_risk =
      0;  // |r_i - r_j| <= tolerance, in float64: a window around each event's risk, not transitive
  int64_t tied_time =
      0;  // pairs of an event and a censoring at one time; they are also among the three above
  int64_t comparable = 0;  // concordant + discordant + tied_risk
};

// time, event (0 or 1), risk: [N], one entry per patient. O(N log N), with the counts of the O(N^2)
// definition. Throws an Error for unequal lengths, fewer than 2 patients, a time or risk that is
// not finite, an event that is not 0 or 1, a negative tolerance, no event at all, and no comparable
// pair (scikit-survival gives NaN for some of these).
Concordance concordance(std::span<const double> time, std::span<const uint8_t> event,
                        std::span<const double> risk, double tied_tolerance = 1e-8);

}  // namespace tractrix::survival
