// The table of a run, from its files alone: three selections side by side, folds, mean and spread,
// what the numbers rest on.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/core/json.hpp"
#include "tractrix/eval/metrics.hpp"
#include "tractrix/eval/predictions.hpp"
#include "tractrix/report/table.hpp"

namespace tractrix::report {

// Which epoch's model a number comes from.
enum class Selection { last, inner, best };
constexpr Selection kSelections[] = {Selection::last, Selection::inner, Selection::best};
const char* name(Selection selection);  // "last", "inner", "best"
using SelectionNames = std::vector<std::pair<const char*, Selection>>;
SelectionNames names(Selection);  // for config::Fields
// "last epoch", "inner validation", "best epoch (optimistic)"
const char* title(Selection selection);

struct FoldValue {
  std::optional<double> c_index;
  std::string reason;            // why there is none
  std::optional<int64_t> epoch;  // counted from 1
};

struct FoldSummary {
  int64_t fold = 0;
  int64_t patients = 0, events = 0;  // reported ones
  std::array<FoldValue, 3> values;   // by selection
  const FoldValue& at(Selection s) const { return values[static_cast<size_t>(s)]; }
  FoldValue& at(Selection s) { return values[static_cast<size_t>(s)]; }
};

// Over the folds that are finished; nothing when one of them has no value.
struct Across {
  std::optional<eval::Spread> c_index;
  std::optional<double> pooled;
};

struct RunSummary {
  std::filesystem::path folder;
  Json facts;  // run.json
  std::vector<FoldSummary> folds;
  std::vector<int64_t> unfinished;
  std::array<Across, 3> across;  // by selection
  bool has_inner = false;
  const Across& at(Selection s) const { return across[static_cast<size_t>(s)]; }
  // Every fold of the split is there and finished.
  bool whole() const;
};

// Throws an Error when the folder is no run or none of its folds is finished.
RunSummary summarize(const std::filesystem::path& folder);
// The fold folders of a run by number.
std::vector<std::pair<int64_t, std::filesystem::path>> fold_folders(
    const std::filesystem::path& run);
// The reported patients of the finished folds with the risks of one selection; a fold without a
// table for it has no rows.
eval::Predictions reported(const std::filesystem::path& run, Selection selection);

Table table(const RunSummary& summary);
// What a reader must know about the table: cohort, N, events, selection rules, warnings.
std::vector<std::string> footnotes(const RunSummary& summary);
// Why a value is missing, fold by fold, and which folds are not finished.
std::vector<std::string> gaps(const RunSummary& summary);
std::string markdown(const RunSummary& summary);
Json json(const RunSummary& summary);
// summary.json and summary.md in the run's folder.
void write(const RunSummary& summary);

constexpr const char* kSyntheticBanner = "no real slide features were used: the bags are synthetic";

}  // namespace tractrix::report
