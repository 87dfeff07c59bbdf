// Paired tests between two cells of a results table.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/report/run_summary.hpp"

namespace tractrix::report {

// wilcoxon, paired_t: over the C-indices of the folds. patients: mean over the folds of the
// difference of two indices on the same patients, with the variance of its influence values
// (survival/concordance_interval.hpp), folds independent; it knows the sampling of reported
// patients, not that of training patients or seeds.
enum class PairedTest { none, wilcoxon, paired_t, patients };
using PairedTestNames = std::vector<std::pair<const char*, PairedTest>>;
PairedTestNames names(PairedTest);
const char* description(PairedTest test);

// What a test needs of a cell.
struct Pairable {
  std::vector<double> folds;  // C-index of each fold, ascending
  std::string splits;         // SHA-256 of a run's splits; "" for published values
  bool same_folds = true;     // published: fold k holds the patients of the runs' fold k
  std::filesystem::path run;  // "" for published values
  Selection selection = Selection::last;
};

struct PairedResult {
  std::optional<double> p;  // two-sided
  std::string reason;       // why there is none
};

// No p, with the reason, where folds are missing, come from other splits or are not said to be the
// same, where the test needs patients of published values, and where it is undefined.
PairedResult paired(const Pairable& first, const Pairable& second, PairedTest test);

}  // namespace tractrix::report
