// Runs every golden case below TRACTRIX_GOLDENS (default: tests/goldens) whose class is known.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "support/golden_classes.hpp"
#include "support/paths.hpp"

namespace tractrix::test {
namespace {

std::vector<std::filesystem::path> case_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    std::filesystem::path tensors = entry.path();
    if (tensors.extension() != ".json") continue;
    if (std::filesystem::exists(tensors.replace_extension(".safetensors")))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Files of many small cases (the survival family) and rows at extremes in multi-precision
// arithmetic (mp_*) have no class of their own: other tests read them.
bool is_case(const Golden& golden) {
  return !golden.json().contains("cases") && !golden.json().contains("working_digits");
}

std::vector<std::string> run_case(Golden& golden, const RunCase& run) {
  try {
    return golden.check(run(golden));
  } catch (const std::exception& error) {
    return {std::string("threw: ") + error.what()};
  }
}

TEST(Goldens, EveryKnownCaseAgrees) {
  const char* folder = std::getenv("TRACTRIX_GOLDENS");
  at::set_num_threads(1);  // the cases are small: waiting threads cost more than they bring
  int passed = 0, failed = 0, skipped = 0;
  for (const auto& file : case_files(folder ? folder : testing::goldens_folder())) {
    Golden golden = Golden::read(file);
    if (!is_case(golden)) continue;
    const RunCase* run = find_class(golden);
    if (!run) {
      ++skipped;
      std::cout << "skipped " << golden.name() << ": class " << golden.source_class()
                << " is not known\n";
      continue;
    }
    const auto differences = run_case(golden, *run);
    ++(differences.empty() ? passed : failed);
    for (const auto& text : differences)
      ADD_FAILURE() << golden.name() << " (" << golden.source_class() << "): " << text;
  }
  std::cout << "golden cases: " << passed << " passed, " << failed << " failed, " << skipped
            << " skipped\n";
  EXPECT_GT(passed + failed + skipped, 0) << "no golden case found";
}

}  // namespace
}  // namespace tractrix::test
