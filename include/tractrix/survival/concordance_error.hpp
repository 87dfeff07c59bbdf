// Standard error of Harrell's index by the infinitesimal jackknife (Therneau and Atkinson, vignette
// "Concordance" of R's survival package).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tractrix::survival {

struct ConcordanceError {
  double index = 0;
  double standard_error = 0;      // root of the sum of squared influences
  std::vector<double> influence;  // [N]: derivative of the index by the weight of each patient
};

// Arguments, tie rules and errors of concordance(); the tolerance 0 is R's rule. O(N^2).
ConcordanceError concordance_error(std::span<const double> time, std::span<const uint8_t> event,
                                   std::span<const double> risk, double tied_tolerance = 1e-8);

}  // namespace tractrix::survival
