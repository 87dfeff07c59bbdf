// Evaluations as text for a terminal.
#pragma once

#include <string>
#include <vector>

#include "tractrix/eval/comparison.hpp"
#include "tractrix/eval/evaluation.hpp"

namespace tractrix::app {

// One row per statistic, one column per fold, then pooled, mean and standard deviations. A cell
// without a value is "-"; why is said below the table. every_time: AUC and Brier at each time, too.
std::string shown(const eval::Evaluation& evaluation, bool every_time);

// One row per subgroup, of the pooled and the mean statistics.
std::string shown(const std::vector<eval::Subgroup>& subgroups);

std::string shown(const eval::Comparison& comparison);

}  // namespace tractrix::app
