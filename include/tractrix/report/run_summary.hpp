// The table of a run, from its files alone: three selections side by side, folds, mean and spread,
// what the numbers rest on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/core/json.hpp"
#include "tractrix/report/table.hpp"

namespace tractrix::report {

// Which epoch's model a number comes from.
enum class Selection { last, inner, best };
constexpr Selection kSelections[] = {Selection::last, Selection::inner, Selection::best};
const char* name(Selection selection);  // "last", "inner", "best"

struct FoldValue {
  std::optional<double> c_index;
  std::string reason;            // why there is none
  std::optional<int64_t> epoch;  // counted from 1
};

struct FoldSummary {
  int64_t fold = 0;
  int64_t patients = 0, events = 0;  // reported ones
  FoldValue last, inner, best;
  const FoldValue& at(Selection selection) const;
};

// Over the folds; nothing when a fold has no value.
struct Spread {
  std::optional<double> mean, population_std, sample_std, pooled;
};
Spread spread(const std::vector<double>& values);

struct RunSummary {
  std::filesystem::path folder;
  Json facts;  // run.json
  std::vector<FoldSummary> folds;
  std::vector<int64_t> unfinished;
  Spread last, inner, best;
  bool has_inner = false;
  const Spread& at(Selection selection) const;
};

// Throws an Error when the folder is no run or none of its folds is finished.
RunSummary summarize(const std::filesystem::path& folder);

Table table(const RunSummary& summary);
// What a reader must know about the table: cohort, N, events, selection rules, warnings.
std::vector<std::string> footnotes(const RunSummary& summary);
std::string markdown(const RunSummary& summary);
Json json(const RunSummary& summary);
// summary.json and summary.md in the run's folder.
void write(const RunSummary& summary);

}  // namespace tractrix::report
