// What a run has logged, epoch by epoch.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <vector>

#include "tractrix/core/json.hpp"

namespace tractrix::report {

// The epochs of all folds' metrics.jsonl with the number of the fold under "fold"; a line that a
// kill cut off is left out.
std::vector<Json> metric_lines(const std::filesystem::path& run);

// A number at the end of a path of keys, or none.
std::optional<double> logged(const Json& line, std::initializer_list<const char*> path);

}  // namespace tractrix::report
