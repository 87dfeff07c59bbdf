// Time-dependent Brier score with censoring weights (Graf et al. 1999), by the rules of
// scikit-survival's brier_score and integrated_brier_score.
#pragma once

#include <span>
#include <vector>

#include "tractrix/survival/ipcw.hpp"

namespace tractrix::survival {

// Mean over the patients of S^2 [event by t] / G(t_i) + (1 - S)^2 [time > t] / G(t), with G the
// curve of train; where G is 0 the term is 0. predicted: [N, T] row-major, the predicted survival
// of each test patient at times [T], which ascend strictly within [min, max) of the test times.
// Result: [T]. Throws an Error for other shapes, values that are not finite, probabilities outside
// [0, 1] (scikit-survival takes those), a training set without event, and G unknown at a time.
std::vector<double> brier_score(const Patients& train, const Patients& test,
                                std::span<const double> predicted, std::span<const double> times);

// Trapezoid of the scores over the times, divided by last - first. Throws an Error for unequal
// lengths, fewer than 2 times and times that do not ascend.
double integrated_brier_score(std::span<const double> score, std::span<const double> times);

}  // namespace tractrix::survival
