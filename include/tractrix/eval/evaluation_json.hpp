// Evaluations and comparisons as JSON. A value that could not be computed is
// {"value": null, "reason": "..."}; every other number is finite.
#pragma once

#include <string>

#include "tractrix/core/json.hpp"
#include "tractrix/eval/comparison.hpp"
#include "tractrix/eval/evaluation.hpp"

namespace tractrix::eval {

Json to_json(const Evaluation& evaluation);
Json to_json(const Comparison& comparison);

// One row per part and scalar of scalars(), then the means: set, part (fold number, "pooled",
// "mean"), patients, events, metric, value, standard_error, sample_std (over the folds, of means),
// lower, upper, p, reason (empty when there is a value).
std::string csv_header();
std::string csv_rows(const std::string& set, const Evaluation& evaluation);

}  // namespace tractrix::eval
