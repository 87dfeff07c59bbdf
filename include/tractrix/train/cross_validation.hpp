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
  bool train = true;           // false: check, write the run's folder, leave the folds to others
  bool worker = false;         // one fold of a run another process leads: says less, logs beside it
  std::string command;         // for run.json
};

struct CrossValidationResult {
  std::filesystem::path folder;
  bool interrupted = false;  // resumable: exit code 75
};

CrossValidationResult cross_validate(const RunConfig& config,
                                     const CrossValidationOptions& options);

}  // namespace tractrix::train
