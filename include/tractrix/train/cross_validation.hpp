// All folds of a run: set up, trained in lockstep, saved, resumed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/train/run_config.hpp"
#include "tractrix/train/run_folder.hpp"

namespace tractrix::train {

struct CrossValidationOptions {
  Existing existing = Existing::refuse;
  std::vector<int64_t> folds;  // empty: all
  bool dry_run = false;        // check everything, print the plan, train nothing
  bool share = false;          // other processes train other folds of this run
  std::string command;         // for run.json
};

struct CrossValidationResult {
  std::filesystem::path folder;
  bool interrupted = false;  // resumable: exit code 75
};

CrossValidationResult cross_validate(const RunConfig& config,
                                     const CrossValidationOptions& options);

}  // namespace tractrix::train
