// A run's summary as a table, as Markdown and as JSON.
#include <cstdio>

#include "tractrix/core/file.hpp"
#include "tractrix/report/run_summary.hpp"

namespace tractrix::report {
namespace {

std::string shown(const std::optional<double>& value) {
  if (!value) return "-";
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4f", *value);
  return buffer;
}

std::optional<double> mean(const Across& across) {
  return across.c_index ? std::optional(across.c_index->mean) : std::nullopt;
}
std::optional<double> population_std(const Across& across) {
  return across.c_index ? std::optional(across.c_index->population_std) : std::nullopt;
}
std::optional<double> sample_std(const Across& across) {
  return across.c_index ? across.c_index->sample_std : std::nullopt;
}

std::string cell(const FoldValue& value) {
  return shown(value.c_index) + (value.epoch ? " (" + std::to_string(*value.epoch) + ")" : "");
}

}  // namespace

Table table(const RunSummary& summary) {
  std::vector<Selection> columns{Selection::last};
  if (summary.has_inner) columns.push_back(Selection::inner);
  columns.push_back(Selection::best);
  Table table{{"C-index", "N", "events"}, {}};
  for (const auto selection : columns)
    table.header.push_back(selection == Selection::best ? "best on reported*" : title(selection));
  for (const auto& fold : summary.folds) {
    std::vector<std::string> row{"fold " + std::to_string(fold.fold), std::to_string(fold.patients),
                                 std::to_string(fold.events)};
    for (const auto selection : columns) row.push_back(cell(fold.at(selection)));
    table.rows.push_back(std::move(row));
  }
  const auto add = [&](const std::string& label, auto&& pick) {
    std::vector<std::string> row{label, "", ""};
    for (const auto selection : columns) row.push_back(shown(pick(summary.at(selection))));
    table.rows.push_back(std::move(row));
  };
  add("mean", mean);
  add("std (population)", population_std);
  add("std (sample)", sample_std);
  add("pooled", [](const Across& across) { return across.pooled; });
  return table;
}

std::vector<std::string> gaps(const RunSummary& summary) {
  std::vector<std::string> notes;
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
  if (f.value("synthetic", false)) notes.push_back(kSyntheticBanner);
  for (const auto& gap : gaps(summary)) notes.push_back(gap);
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
    const auto& across = summary.at(selection);
    out[name(selection)] = {{"mean", number(mean(across))},
                            {"std_population", number(population_std(across))},
                            {"std_sample", number(sample_std(across))},
                            {"pooled", number(across.pooled)}};
  }
  out["unfinished"] = summary.unfinished;
  return out;
}

void write(const RunSummary& summary) {
  write_file(summary.folder / "summary.json", json(summary).dump(2) + "\n");
  write_file(summary.folder / "summary.md", markdown(summary));
}

}  // namespace tractrix::report
