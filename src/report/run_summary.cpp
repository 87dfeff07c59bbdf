#include "tractrix/report/run_summary.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::report {
namespace {

std::filesystem::path table_of(const std::filesystem::path& fold, Selection selection) {
  return fold / (std::string("predictions_") + name(selection) + ".csv");
}

const char* criterion(Selection selection) {
  return selection == Selection::last ? nullptr : selection == Selection::inner ? "inner" : "val";
}

// Epoch of the highest value of a criterion; the first one of equals, as the run chose it.
std::optional<int64_t> chosen_epoch(const std::filesystem::path& folder, const char* criterion) {
  std::istringstream lines(read_file(folder / "metrics.jsonl"));
  std::optional<int64_t> epoch;
  double best = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json entry = Json::parse(line, nullptr, false);
    if (entry.is_discarded() || !entry.contains("epoch")) continue;
    if (!criterion) {
      epoch = entry["epoch"].get<int64_t>();
    } else if (entry.contains(criterion) && entry[criterion]["c_index"].is_number()) {
      const auto value = entry[criterion]["c_index"].get<double>();
      if (epoch && value <= best) continue;
      best = value;
      epoch = entry["epoch"].get<int64_t>();
    }
  }
  return epoch;
}

// Files of the finished folds for one selection. The fold's number is its folder's.
void find_value(FoldSummary& fold, Selection selection, const std::filesystem::path& folder,
                const eval::Metrics& metrics) {
  auto& value = fold.at(selection);
  const auto found = std::find_if(metrics.folds.begin(), metrics.folds.end(),
                                  [&](const auto& m) { return m.fold == fold.fold; });
  if (found == metrics.folds.end()) {
    value.reason =
        selection == Selection::inner
            ? "the split has no inner validation part, or no epoch had a defined value there"
            : "no epoch had a defined value";
    return;
  }
  fold.patients = found->patients;
  fold.events = found->events;
  value.reason = found->reason;
  if (found->concordance) value.c_index = found->concordance->index;
  value.epoch = chosen_epoch(folder, criterion(selection));
}

void add_selection(RunSummary& summary, Selection selection) {
  const auto rows = reported(summary.folder, selection);
  eval::Metrics metrics;
  if (!rows.rows.empty())
    metrics = eval::evaluate(rows, table_of(summary.folder / "fold_*", selection).string());
  for (auto& fold : summary.folds)
    find_value(fold, selection, summary.folder / ("fold_" + std::to_string(fold.fold)), metrics);
  auto& across = summary.across[static_cast<size_t>(selection)];
  if (metrics.folds.size() != summary.folds.size()) return;  // a missing fold is no number
  across.c_index = metrics.c_index;
  if (metrics.c_index && metrics.pooled.concordance)
    across.pooled = metrics.pooled.concordance->index;
}

}  // namespace

const char* name(Selection selection) {
  return selection == Selection::last ? "last" : selection == Selection::inner ? "inner" : "best";
}

SelectionNames names(Selection) {
  SelectionNames all;
  for (const auto selection : kSelections) all.emplace_back(name(selection), selection);
  return all;
}

const char* title(Selection selection) {
  return selection == Selection::last    ? "last epoch"
         : selection == Selection::inner ? "inner validation"
                                         : "best epoch (optimistic)";
}

bool RunSummary::whole() const {
  return unfinished.empty() &&
         static_cast<int64_t>(folds.size()) == facts.value("folds", int64_t{0});
}

std::vector<std::pair<int64_t, std::filesystem::path>> fold_folders(
    const std::filesystem::path& run) {
  std::map<int64_t, std::filesystem::path> sorted;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.starts_with("fold_"))
      sorted[std::atoll(name.c_str() + 5)] = entry.path();
  }
  return {sorted.begin(), sorted.end()};
}

eval::Predictions reported(const std::filesystem::path& run, Selection selection) {
  eval::Predictions all;
  for (const auto& [number, folder] : fold_folders(run)) {
    const auto file = table_of(folder, selection);
    if (!std::filesystem::exists(table_of(folder, Selection::last)) ||
        !std::filesystem::exists(file))
      continue;
    for (auto& row : eval::read_predictions(file).rows) {
      row.fold = number;
      all.rows.push_back(std::move(row));
    }
  }
  return all;
}

RunSummary summarize(const std::filesystem::path& folder) {
  RunSummary summary;
  summary.folder = folder;
  if (!std::filesystem::exists(folder / "run.json"))
    throw Error(folder.string(), "is no run: it has no run.json");
  summary.facts = read_json(folder / "run.json");
  for (const auto& [number, fold_folder] : fold_folders(folder)) {
    if (!std::filesystem::exists(table_of(fold_folder, Selection::last))) {
      summary.unfinished.push_back(number);
      continue;
    }
    summary.folds.emplace_back().fold = number;
    summary.has_inner =
        summary.has_inner || std::filesystem::exists(table_of(fold_folder, Selection::inner));
  }
  if (summary.folds.empty())
    throw Error(folder.string(), "no fold of this run is finished", "go on with --resume");
  for (const auto selection : kSelections) add_selection(summary, selection);
  return summary;
}

}  // namespace tractrix::report
