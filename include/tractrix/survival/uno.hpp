// Uno's concordance index with inverse probability of censoring weights (Uno et al. 2011), by the
// rules of scikit-survival's concordance_index_ipcw.
#pragma once

#include <optional>
#include <span>

#include "tractrix/survival/ipcw.hpp"

namespace tractrix::survival {

// The pairs of concordance() with the weight 1 / G(t_i)^2 of their event, where G is the curve of
// train; events at or after tau have the weight 0 (no limit on the later time of a pair). risk: [N]
// of test. O(N^2). One late event can govern the untruncated value: always print tau with it.
// Throws an Error for unequal lengths, fewer than 2 patients, values that are not finite, no event
// in train or test, nobody before tau, no comparable pair of positive weight, and G = 0 or unknown
// at an event before tau.
double uno_concordance(const Patients& train, const Patients& test, std::span<const double> risk,
                       std::optional<double> tau = std::nullopt, double tied_tolerance = 1e-8);

}  // namespace tractrix::survival
