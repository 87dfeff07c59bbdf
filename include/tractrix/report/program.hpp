// Another program, called without a shell.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tractrix::report {

struct ProgramResult {
  bool started = false;  // false: it is not installed
  int code = -1;         // exit status, 128 + signal when it was killed
  std::string output;    // standard output and error, at most 64 KiB
};

// Runs argv[0] (searched on PATH) in the folder with an empty standard input and waits for it.
// Throws an Error when no process can be made.
ProgramResult run_program(const std::vector<std::string>& argv,
                          const std::filesystem::path& folder);

}  // namespace tractrix::report
