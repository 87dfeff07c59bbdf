// Discrete survival times: quantile bins by the rule of MCAT's dataset class (mahmoodlab/MCAT,
// b9cca63, datasets/dataset_survival.py), which CMTA, PORPOISE and SurvPath share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tractrix::survival {

// Quantiles 0, 1/bins, ..., 1 of the times with an event, by pandas' qcut (numpy's linear rule with
// its two-sided interpolation, to the last bit). time, event: [N]; result: [bins + 1], strictly
// ascending. Throws an Error for fewer than 1 bin, no event and equal edges (which are never merged
// in silence).
std::vector<double> quantile_edges(std::span<const double> time, std::span<const uint8_t> event,
                                   int64_t bins);

// quantile_edges with the outer two replaced by min(all) - epsilon and max(all) + epsilon. all: the
// times of every row that is to have a label, censored ones and repeated slides included. For edges
// that must not see the validation patients pass the training patients in all three; label() then
// puts a time outside into the first or last bin.
std::vector<double> time_edges(std::span<const double> time, std::span<const uint8_t> event,
                               std::span<const double> all, int64_t bins, double epsilon = 1e-6);

// Bin of a time, 0 .. bins - 1: intervals are left-closed, a time on an inner edge belongs to the
// upper bin. Times outside the edges go to the first or last bin. Throws an Error for NaN.
int64_t label(std::span<const double> edges, double t);

// The same without clamping: none for a time outside [first, last) and for NaN, where the reference
// has no label.
std::optional<int64_t> label_inside(std::span<const double> edges, double t);

}  // namespace tractrix::survival
