// All statistics of a prediction table: per fold, their mean over the folds, and pooled.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/eval/metrics.hpp"
#include "tractrix/eval/part.hpp"
#include "tractrix/eval/source.hpp"

namespace tractrix::eval {

// Statistics that look at every pair of patients are not computed for more patients than this.
constexpr int64_t kMostPairwise = 20'000;

struct Settings {
  // Of AUC and Brier. Empty: the deciles of all event times at which every fold has had an event
  // and still has patients.
  std::vector<double> times;
  std::optional<double> tau;  // Uno's truncation, limit of the restricted mean; default: last time
  std::optional<double> calibration_time;  // default: the middle one of times
  int64_t calibration_groups = 4;
  double level = 0.95;
  std::vector<double>
      edges;  // [K + 1] of the survival columns where the fold does not know its own
};

struct MeanScalar {
  std::string name;
  Measured<Spread> spread;
};

struct Evaluation {
  Settings settings;  // with every default filled in
  std::vector<Part> folds;
  Part pooled;
  std::vector<MeanScalar> means;   // over the folds; none where one of them has none
  std::vector<std::string> notes;  // how things were computed, what is missing from a run
};

// Restricted to the patients of a subgroup: those of whom keep() holds. Times, risk groups,
// standard deviations and censoring weights are those of all patients, so that subgroups can be
// compared.
struct Subgroup {
  std::string column, value;
  Evaluation evaluation;
};

// Throws an Error for an empty table, unknown labels and settings that make no sense (times that do
// not ascend, a level outside (0, 1)). An undefined statistic is a reason in its place.
Evaluation evaluate(const Source& source, const Settings& settings);

// Value by patient; an empty value is a group of its own, "(not known)".
struct Grouping {
  std::string column;
  std::map<std::string, std::string> value;
};

// One column of a clinical table. cuts: empty: the cells as they are (at most 12 different ones);
// ascending numbers: intervals below, between and from them on. Throws an Error that names file
// and line for a missing column, contradicting rows of a patient and cells that are no numbers.
Grouping read_grouping(const std::filesystem::path& file, const std::string& id_column,
                       const std::string& column, const std::vector<double>& cuts,
                       char separator = ',');

// In the order of the values. Throws an Error that names patients the grouping does not know.
std::vector<Subgroup> evaluate_subgroups(const Source& source, const Settings& settings,
                                         const Grouping& grouping);

}  // namespace tractrix::eval
