// What the numbers of a run rest on, as its folder tells it: run.json and the resolved config.yaml.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/report/run_summary.hpp"

namespace tractrix::report {

struct RunFacts {
  std::string cohort, recipe, seed, bins, scalers, selection, splits, features, version, command;
  std::string time_unit;  // of the label: "months"
  std::string config;     // config.yaml as it is
};

// A fact the folder does not hold is "unknown". scalers: whose patients each input is standardised
// by; features, splits: first 12 digits of the SHA-256 sums; selection: what the inner validation
// part is.
RunFacts facts_of(const RunSummary& summary);

}  // namespace tractrix::report
