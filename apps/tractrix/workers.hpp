// Folds in processes of their own: the same program, one fold each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tractrix::app {

struct Worker {
  std::string name;               // "fold 2"
  std::vector<std::string> argv;  // argv[0] is this program itself
  std::filesystem::path log;      // named when the worker fails
};

// At most `jobs` at a time; what they say on standard error is logged here line by line. A signal
// to this process is passed on once; workers die with it. Returns true when any was interrupted
// and can be resumed (exit code 75). A worker that fails stops the others; then an Error names it,
// its log and what it said last.
bool run_workers(const std::vector<Worker>& workers, int64_t jobs);

}  // namespace tractrix::app
