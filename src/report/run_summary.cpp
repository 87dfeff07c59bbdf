#include "tractrix/report/run_summary.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <span>
#include <sstream>

#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/eval/predictions.hpp"
#include "tractrix/survival/concordance.hpp"

namespace tractrix::report {
namespace {

std::string fixed(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4f", value);
  return buffer;
}

std::string shown(const std::optional<double>& value) { return value ? fixed(*value) : "-"; }

// Labels and risks of all folds of one selection, for the pooled index.
struct Pool {
  std::vector<double> time, risk;
  std::vector<uint8_t> event;
};

FoldValue index_of(const Pool& pool, size_t begin) {
  const auto part = [begin](const auto& all) { return std::span(all).subspan(begin); };
  try {
    return {
        survival::concordance(part(pool.time), part(pool.event), part(pool.risk)).index, {}, {}};
  } catch (const Error& e) {
    return {std::nullopt, e.what(), {}};
  }
}

FoldValue read_fold(const std::filesystem::path& file, Pool& pool, FoldSummary& fold) {
  const auto table = eval::read_predictions(file);
  const size_t begin = pool.time.size();
  fold.patients = static_cast<int64_t>(table.rows.size());
  fold.events = 0;
  for (const auto& row : table.rows) {
    if (!row.time || !row.event)
      throw Error(file.string(), "patient '" + row.id + "' has no label");
    pool.time.push_back(*row.time);
    pool.event.push_back(*row.event);
    pool.risk.push_back(row.risk);
    fold.events += *row.event;
  }
  return index_of(pool, begin);
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

std::vector<std::filesystem::path> fold_folders(const std::filesystem::path& run) {
  std::map<int64_t, std::filesystem::path> sorted;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.starts_with("fold_"))
      sorted[std::atoll(name.c_str() + 5)] = entry.path();
  }
  std::vector<std::filesystem::path> folders;
  for (const auto& item : sorted) folders.push_back(item.second);
  return folders;
}

const char* criterion(Selection selection) {
  return selection == Selection::last ? nullptr : selection == Selection::inner ? "inner" : "val";
}

}  // namespace

const char* name(Selection selection) {
  return selection == Selection::last ? "last" : selection == Selection::inner ? "inner" : "best";
}

const FoldValue& FoldSummary::at(Selection selection) const {
  return selection == Selection::last ? last : selection == Selection::inner ? inner : best;
}

const Spread& RunSummary::at(Selection selection) const {
  return selection == Selection::last ? last : selection == Selection::inner ? inner : best;
}

Spread spread(const std::vector<double>& values) {
  Spread result;
  if (values.empty()) return result;
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (double v : values) sum += v;
  result.mean = sum / n;
  for (double v : values) squares += (v - *result.mean) * (v - *result.mean);
  result.population_std = std::sqrt(squares / n);
  if (values.size() > 1) result.sample_std = std::sqrt(squares / (n - 1));
  return result;
}

static FoldSummary summarize_fold(const std::filesystem::path& folder, int64_t number,
                                  std::map<Selection, Pool>& pools) {
  FoldSummary fold;
  fold.fold = number;
  for (const auto selection : kSelections) {
    const auto file = folder / (std::string("predictions_") + name(selection) + ".csv");
    auto& value = selection == Selection::last    ? fold.last
                  : selection == Selection::inner ? fold.inner
                                                  : fold.best;
    if (!std::filesystem::exists(file)) {
      value.reason =
          selection == Selection::inner
              ? "the split has no inner validation part, or no epoch had a defined value there"
              : "no epoch had a defined value";
      continue;
    }
    value = read_fold(file, pools[selection], fold);
    value.epoch = chosen_epoch(folder, criterion(selection));
  }
  return fold;
}

static void add_spreads(RunSummary& summary, const std::map<Selection, Pool>& pools) {
  for (const auto selection : kSelections) {
    std::vector<double> values;
    for (const auto& fold : summary.folds)
      if (fold.at(selection).c_index) values.push_back(*fold.at(selection).c_index);
    if (values.size() != summary.folds.size()) continue;  // a missing fold is no number
    auto& all = selection == Selection::last    ? summary.last
                : selection == Selection::inner ? summary.inner
                                                : summary.best;
    all = spread(values);
    all.pooled = index_of(pools.at(selection), 0).c_index;
  }
}

RunSummary summarize(const std::filesystem::path& folder) {
  RunSummary summary;
  summary.folder = folder;
  if (!std::filesystem::exists(folder / "run.json"))
    throw Error(folder.string(), "is no run: it has no run.json");
  summary.facts = read_json(folder / "run.json");
  std::map<Selection, Pool> pools;
  for (const auto& fold_folder : fold_folders(folder)) {
    const int64_t number = std::atoll(fold_folder.filename().c_str() + 5);
    if (!std::filesystem::exists(fold_folder / "predictions_last.csv")) {
      summary.unfinished.push_back(number);
      continue;
    }
    summary.folds.push_back(summarize_fold(fold_folder, number, pools));
    summary.has_inner = summary.has_inner || pools.contains(Selection::inner);
  }
  if (summary.folds.empty())
    throw Error(folder.string(), "no fold of this run is finished", "go on with --resume");
  add_spreads(summary, pools);
  return summary;
}

Table table(const RunSummary& summary) {
  Table table;
  std::vector<Selection> shown_selections{Selection::last};
  if (summary.has_inner) shown_selections.push_back(Selection::inner);
  shown_selections.push_back(Selection::best);
  table.header = {"C-index", "N", "events"};
  for (const auto selection : shown_selections) {
    table.header.push_back(selection == Selection::best    ? "best on reported*"
                           : selection == Selection::inner ? "inner validation"
                                                           : "last epoch");
  }
  for (const auto& fold : summary.folds) {
    std::vector<std::string> row{"fold " + std::to_string(fold.fold), std::to_string(fold.patients),
                                 std::to_string(fold.events)};
    for (const auto selection : shown_selections) {
      const auto& value = fold.at(selection);
      row.push_back(shown(value.c_index) +
                    (value.epoch ? " (" + std::to_string(*value.epoch) + ")" : ""));
    }
    table.rows.push_back(std::move(row));
  }
  const auto add = [&](const std::string& label, auto&& pick) {
    std::vector<std::string> row{label, "", ""};
    for (const auto selection : shown_selections) row.push_back(shown(pick(summary.at(selection))));
    table.rows.push_back(std::move(row));
  };
  add("mean", [](const Spread& s) { return s.mean; });
  add("std (population)", [](const Spread& s) { return s.population_std; });
  add("std (sample)", [](const Spread& s) { return s.sample_std; });
  add("pooled", [](const Spread& s) { return s.pooled; });
  return table;
}

std::vector<std::string> footnotes(const RunSummary& summary) {
  const auto& f = summary.facts;
  std::vector<std::string> notes;
  notes.push_back("in brackets: the epoch. * chosen on the patients it is reported on: optimistic");
  notes.push_back(
      f.value("cohort", std::string("?")) + ": " + std::to_string(f.value("patients", 0)) +
      " patients, " + std::to_string(f.value("events", 0)) + " events; " +
      std::to_string(summary.folds.size()) + " of " + std::to_string(f.value("folds", 0)) +
      " folds, splits " + f.value("splits_sha256", std::string()).substr(0, 12) + ", bins " +
      f.value("bins", std::string("?")) + ", seed " + std::to_string(f.value("seed", 0)));
  if (f.value("synthetic", false))
    notes.push_back("no real slide features were used: the bags are synthetic");
  for (const auto& fold : summary.folds) {
    for (const auto selection : kSelections) {
      const auto& reason = fold.at(selection).reason;
      if (!reason.empty() && (selection != Selection::inner || summary.has_inner)) {
        notes.push_back("fold " + std::to_string(fold.fold) + ", " + name(selection) + ": " +
                        reason);
      }
    }
  }
  for (int64_t k : summary.unfinished)
    notes.push_back("fold " + std::to_string(k) + " is not finished");
  return notes;
}

std::string markdown(const RunSummary& summary) {
  std::string out =
      "# " + summary.folder.filename().string() + "\n\n" + markdown(table(summary)) + "\n";
  for (const auto& note : footnotes(summary)) out += "- " + note + "\n";
  out += "\n    " + summary.facts.value("command", std::string()) + "\n";
  return out;
}

Json json(const RunSummary& summary) {
  const auto number = [](const std::optional<double>& v) { return v ? Json(*v) : Json(nullptr); };
  Json out{{"run", summary.folder.filename().string()},
           {"facts", summary.facts},
           {"folds", Json::array()}};
  for (const auto& fold : summary.folds) {
    Json row{{"fold", fold.fold}, {"patients", fold.patients}, {"events", fold.events}};
    for (const auto selection : kSelections) {
      const auto& value = fold.at(selection);
      row[name(selection)] = {{"c_index", number(value.c_index)}};
      if (value.epoch) row[name(selection)]["epoch"] = *value.epoch;
      if (!value.reason.empty()) row[name(selection)]["reason"] = value.reason;
    }
    out["folds"].push_back(row);
  }
  for (const auto selection : kSelections) {
    const auto& s = summary.at(selection);
    out[name(selection)] = {{"mean", number(s.mean)},
                            {"std_population", number(s.population_std)},
                            {"std_sample", number(s.sample_std)},
                            {"pooled", number(s.pooled)}};
  }
  out["unfinished"] = summary.unfinished;
  return out;
}

void write(const RunSummary& summary) {
  write_file(summary.folder / "summary.json", json(summary).dump(2) + "\n");
  write_file(summary.folder / "summary.md", markdown(summary));
}

}  // namespace tractrix::report
