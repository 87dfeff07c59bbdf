// Rows of a prediction table as columns, with all that depends on a whole fold worked out before
// rows are picked.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tractrix/eval/evaluation.hpp"
#include "tractrix/eval/source.hpp"

namespace tractrix::eval {

struct Sheet {
  std::vector<std::string> id;
  std::vector<int64_t> fold;
  LabelColumns labels;
  std::vector<double> risk;
  std::vector<double> scaled;               // risk in standard deviations from its fold's mean
  std::vector<int64_t> group;               // 1: risk above its fold's threshold
  std::vector<double> survival;             // [N, T + 1]: at the times and at the calibration time
  std::map<int64_t, std::string> no_scale;  // folds whose risks are all equal
  std::map<int64_t, std::string> no_survival;  // folds without a curve, with the reason
  std::map<int64_t, std::vector<size_t>> rows;
  std::string repeated;  // why rows of several folds are not independent; empty: they are
  std::vector<std::string> notes;
};

// settings: complete.
Sheet make_sheet(const Source& source, const Settings& settings);

// Fills in the defaults from the labels. Throws an Error for settings that make no sense.
Settings complete(Settings settings, const Source& source);

// The statistics of these rows of one fold, or of all folds when fold is -1. training: the patients
// the censoring weights come from.
Part measure(const Sheet& sheet, const std::vector<size_t>& rows, int64_t fold,
             const LabelColumns& training, const Settings& settings);

}  // namespace tractrix::eval
