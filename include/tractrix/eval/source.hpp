// What is evaluated: a prediction table with what is known about its folds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/eval/predictions.hpp"

namespace tractrix::eval {

// Labels of a set of patients, [N] each.
struct LabelColumns {
  std::vector<double> time;
  std::vector<uint8_t> event;
};

struct FoldContext {
  std::vector<double> edges;          // [K + 1] of S_t1 .. S_tK; empty: not known
  LabelColumns training;              // of the fold's training patients; empty: not known
  std::vector<double> training_risk;  // of the same model; empty: not known
};

struct Source {
  std::string where;  // for messages and headings
  Predictions predictions;
  std::map<int64_t, FoldContext> folds;  // only those of which something is known
  std::vector<int64_t> unfinished;       // folds of a run without predictions
};

// A table of one's own.
Source table_source(const std::filesystem::path& file, const ColumnMap& map = {});

// One selection ("last", "best", "inner") of a run: fold_<k>/predictions_<selection>.csv, the bin
// edges in fold_<k>/<selection>.safetensors, and labels and risks of the training patients in
// predictions_<selection>_train.csv (labels alone from predictions_last_train.csv). Throws an Error
// when the folder is no run or no fold has this selection.
Source run_source(const std::filesystem::path& run, const std::string& selection);

// The selections some fold of the run has, in the order last, inner, best.
std::vector<std::string> selections_of(const std::filesystem::path& run);

// Labels of a cohort: every fold's training patients are those that it does not evaluate. Rows of
// one patient must agree; throws an Error with file:line otherwise, and when a fold has none left.
void add_training(Source& source, const std::filesystem::path& file, const ColumnMap& map);

}  // namespace tractrix::eval
