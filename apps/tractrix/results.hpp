#pragma once

#include <filesystem>

namespace tractrix::app {

// Writes summary.json and summary.md of a run and prints the table on standard output.
void print_results(const std::filesystem::path& run);

}  // namespace tractrix::app
