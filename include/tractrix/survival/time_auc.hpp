// Cumulative/dynamic area under the ROC curve over time (Uno et al. 2007; Lambert and Chevret
// 2016), by the rules of scikit-survival's cumulative_dynamic_auc.
#pragma once

#include <span>
#include <vector>

#include "tractrix/survival/ipcw.hpp"

namespace tractrix::survival {

struct TimeAuc {
  std::vector<double> times;  // ascending, without repetitions
  std::vector<double> auc;    // one per time
  // sum of auc(t_k) (S(t_{k-1}) - S(t_k)) / (1 - S(t_last)) with S(t_{-1}) = 1 and S the
  // Kaplan-Meier curve of test; with one time its AUC.
  double mean = 0;
};

// Cases at t: an event by t, with the weight 1 / G of their time; controls: time > t. Risks tie
// when neighbours in sorted order differ by at most 1e-8, so chains merge (unlike in concordance).
// risk: [N] of test. times are sorted and must lie in [min, max) of the test times. Throws an Error
// for unequal lengths, values that are not finite, times outside, all censored, a time without
// case, and G = 0 or unknown at an event.
TimeAuc time_auc(const Patients& train, const Patients& test, std::span<const double> risk,
                 std::span<const double> times, double tied_tolerance = 1e-8);

// The same with one risk per time: [N, T] row-major, for instance 1 - predicted survival. Here the
// times must ascend strictly, since each has its column. Errors as above.
TimeAuc time_auc_per_time(const Patients& train, const Patients& test, std::span<const double> risk,
                          std::span<const double> times, double tied_tolerance = 1e-8);

}  // namespace tractrix::survival
