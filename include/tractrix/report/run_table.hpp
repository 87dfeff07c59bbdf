// Result tables of one or several runs: one row per run, three selections side by side, and what
// the numbers rest on.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/report/document.hpp"
#include "tractrix/report/run_summary.hpp"

namespace tractrix::report {

struct LabelledRun {
  std::string label;
  RunSummary summary;
};

// labels: one per folder, or none: then the folder's name, with as many parents as tell equal names
// apart. Throws an Error for another number of labels, two equal labels, and folders that are no
// run.
std::vector<LabelledRun> read_runs(const std::vector<std::filesystem::path>& folders,
                                   const std::vector<std::string>& labels);

// mean +- population / sample deviation over the folds; "missing" where a fold has no value, and
// with the number of folds behind it where some are not finished.
std::string shown(const RunSummary& summary, Selection selection);
constexpr const char* kMissing = "missing";

// What nobody may overlook about runs: synthetic bags, by label.
std::vector<std::string> banners(const std::vector<LabelledRun>& runs);

// Best bold and second underlined per column, among whole runs of the same cohort and splits (at
// least two of them).
Document run_document(const std::vector<LabelledRun>& runs);

// Which of these values (higher is better; none: missing) is best, which second. Equal values share
// a place; nothing is marked when fewer than two values are there.
std::vector<std::optional<Emphasis>> ranked(const std::vector<std::optional<double>>& values);

}  // namespace tractrix::report
