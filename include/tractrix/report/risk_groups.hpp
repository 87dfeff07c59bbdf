// Patients of a run in a low and a high risk group.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/report/run_summary.hpp"

namespace tractrix::report {

struct RiskGroups {
  std::string rule;  // printed in every figure
  std::vector<double> time;
  std::vector<uint8_t> event;
  std::vector<int64_t> group;  // 0: low, 1: high (risk above the threshold)
};

// Threshold: the median risk of each fold's training patients where every finished fold holds them
// for this selection (predictions_<selection>_train.csv: no reported patient has a say); otherwise
// the median of all reported patients together, as CMTA and MCAT draw it. Throws an Error when no
// fold has a prediction of this selection.
RiskGroups risk_groups(const std::filesystem::path& run, Selection selection);

// The median of all reported patients together, whatever else the folds hold.
RiskGroups pooled_risk_groups(const std::filesystem::path& run, Selection selection);

}  // namespace tractrix::report
