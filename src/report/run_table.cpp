#include "tractrix/report/run_table.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/report/run_facts.hpp"

namespace tractrix::report {
namespace {

// The last `parts` names of a path.
std::string tail(const std::filesystem::path& folder, int parts) {
  auto path = std::filesystem::absolute(folder).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  std::string name = path.filename().string();
  for (int i = 1; i < parts && path.has_parent_path(); ++i) {
    path = path.parent_path();
    name = path.filename().string() + "/" + name;
  }
  return name;
}

std::vector<std::string> default_labels(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::string> labels;
  for (int parts = 1; parts < 64; ++parts) {
    labels.clear();
    for (const auto& folder : folders) labels.push_back(tail(folder, parts));
    if (std::set<std::string>(labels.begin(), labels.end()).size() == labels.size()) break;
  }
  return labels;
}

std::string folds_of(const RunSummary& summary) {
  const auto done = std::to_string(summary.folds.size());
  const auto all = std::to_string(summary.facts.value("folds", int64_t{0}));
  return summary.whole() ? done : done + " of " + all;
}

std::pair<int64_t, int64_t> counted(const RunSummary& summary) {
  std::pair<int64_t, int64_t> sum{0, 0};
  for (const auto& fold : summary.folds) {
    sum.first += fold.patients;
    sum.second += fold.events;
  }
  return sum;
}

Table results_table(const std::vector<LabelledRun>& runs) {
  Table table{{"run", "cohort", "patients", "events", "folds"}, {}};
  for (const auto selection : kSelections) table.header.emplace_back(title(selection));
  for (const auto& [label, summary] : runs) {
    const auto [patients, events] = counted(summary);
    std::vector<std::string> row{label, summary.facts.value("cohort", std::string("unknown")),
                                 std::to_string(patients), std::to_string(events),
                                 folds_of(summary)};
    for (const auto selection : kSelections) row.push_back(shown(summary, selection));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Runs that answer the same question: the rows among which a best one makes sense.
std::map<std::string, std::vector<size_t>> groups(const std::vector<LabelledRun>& runs) {
  std::map<std::string, std::vector<size_t>> all;
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto& facts = runs[i].summary.facts;
    if (!runs[i].summary.whole()) continue;
    all[facts.value("cohort", std::string()) + "\n" + facts.value("splits_sha256", std::string()) +
        "\n" + std::to_string(facts.value("patients", int64_t{0}))]
        .push_back(i);
  }
  return all;
}

void emphasize(Table& table, const std::vector<LabelledRun>& runs) {
  for (const auto& [key, rows] : groups(runs)) {
    for (size_t s = 0; s < std::size(kSelections); ++s) {
      std::vector<std::optional<double>> values;
      for (size_t row : rows) {
        const auto& c = runs[row].summary.at(kSelections[s]).c_index;
        values.push_back(c ? std::optional(c->mean) : std::nullopt);
      }
      const auto marks = ranked(values);
      for (size_t i = 0; i < rows.size(); ++i)
        if (marks[i]) table.emphasis[{rows[i], 5 + s}] = *marks[i];
    }
  }
}

Table facts_table(const std::vector<LabelledRun>& runs) {
  Table table{{"run", "recipe", "seed", "bins", "scalers", "inner validation", "splits SHA-256",
               "tables SHA-256", "version"},
              {}};
  table.prose = true;
  for (const auto& [label, summary] : runs) {
    const auto f = facts_of(summary);
    table.rows.push_back(
        {label, f.recipe, f.seed, f.bins, f.scalers, f.selection, f.splits, f.features, f.version});
  }
  return table;
}

// One line per run and selection; an empty field is a missing value.
Table data_table(const std::vector<LabelledRun>& runs) {
  Table table{{"run", "cohort", "patients", "events", "folds_finished", "folds", "selection",
               "mean", "std_population", "std_sample", "pooled", "synthetic_bags", "splits_sha256",
               "config_sha256", "command"},
              {}};
  const auto number = [](const std::optional<double>& v) { return v ? shortest(*v) : ""; };
  for (const auto& [label, summary] : runs) {
    const auto& f = summary.facts;
    const auto [patients, events] = counted(summary);
    for (const auto selection : kSelections) {
      const auto& across = summary.at(selection);
      const auto& c = across.c_index;
      table.rows.push_back(
          {label, f.value("cohort", std::string()), std::to_string(patients),
           std::to_string(events), std::to_string(summary.folds.size()),
           std::to_string(f.value("folds", int64_t{0})), name(selection),
           c ? shortest(c->mean) : "", c ? shortest(c->population_std) : "",
           number(c ? c->sample_std : std::nullopt), number(across.pooled),
           f.value("synthetic", false) ? "yes" : "no", f.value("splits_sha256", std::string()),
           f.value("config_sha256", std::string()), f.value("command", std::string())});
    }
  }
  return table;
}

std::vector<std::string> notes_of(const std::vector<LabelledRun>& runs) {
  std::vector<std::string> notes{
      "C-index (Harrell): mean over the folds \u00b1 population standard deviation (divides by the "
      "number of folds) / sample standard deviation (by one less).",
      "last epoch: nothing was chosen. inner validation: best epoch on a part of the training "
      "patients. best epoch: chosen on the very patients it is reported on, optimistic."};
  if (runs.size() > 1)
    notes.emplace_back(
        "Bold is the best and underlined the second best among whole runs of the same cohort, "
        "patients and splits; no test of significance stands behind these marks.");
  std::vector<std::string> without_inner;
  for (const auto& [label, summary] : runs)
    if (!summary.has_inner) without_inner.push_back(label);
  if (!without_inner.empty())
    notes.push_back("No inner validation part in the split of " + enumerate(without_inner, 30) +
                    ".");
  for (const auto& [label, summary] : runs) {
    for (const auto& gap : gaps(summary)) notes.push_back(label + ": " + gap);
    for (const auto& note : summary.facts.value("notes", Json::array()))
      if (note.is_string()) notes.push_back(label + ": " + note.get<std::string>());
  }
  return notes;
}

}  // namespace

std::vector<LabelledRun> read_runs(const std::vector<std::filesystem::path>& folders,
                                   const std::vector<std::string>& labels) {
  if (!labels.empty() && labels.size() != folders.size())
    throw Error(
        "--label",
        std::to_string(labels.size()) + " labels for " + std::to_string(folders.size()) + " runs",
        "give --label once per run, in their order");
  const auto names = labels.empty() ? default_labels(folders) : labels;
  std::set<std::string> seen;
  Errors errors;
  std::vector<LabelledRun> runs;
  for (size_t i = 0; i < folders.size(); ++i) {
    if (!seen.insert(names[i]).second)
      errors.add("command line", "two runs have the label '" + names[i] + "'");
    try {
      runs.push_back({names[i], summarize(folders[i])});
    } catch (const Error& e) {
      errors.add(e);
    }
  }
  errors.raise();
  return runs;
}

std::string shown(const RunSummary& summary, Selection selection) {
  const auto& c = summary.at(selection).c_index;
  if (!c) return kMissing;
  char text[96];
  if (c->sample_std) {
    std::snprintf(text, sizeof text, "%.4f \u00b1 %.4f / %.4f", c->mean, c->population_std,
                  *c->sample_std);
  } else {
    std::snprintf(text, sizeof text, "%.4f", c->mean);
  }
  return summary.whole() ? text : std::string(text) + " (" + folds_of(summary) + " folds)";
}

std::vector<std::string> banners(const std::vector<LabelledRun>& runs) {
  std::vector<std::string> labels;
  for (const auto& [label, summary] : runs)
    if (summary.facts.value("synthetic", false)) labels.push_back(label);
  if (labels.empty()) return {};
  return {std::string(kSyntheticBanner) + " (" + enumerate(labels, 30) + ")"};
}

Document run_document(const std::vector<LabelledRun>& runs) {
  Document document{runs.size() == 1 ? runs.front().label : "Comparison of runs"};
  document.banners = banners(runs);
  Section results{"Results"};
  results.table = results_table(runs);
  emphasize(results.table, runs);
  results.notes = notes_of(runs);
  document.sections.push_back(std::move(results));
  Section basis{"What the numbers rest on"};
  basis.table = facts_table(runs);
  for (const auto& [label, summary] : runs)
    basis.verbatim.push_back("# " + label + "\n" +
                             summary.facts.value("command", std::string("unknown")));
  document.sections.push_back(std::move(basis));
  document.data = data_table(runs);
  return document;
}

std::vector<std::optional<Emphasis>> ranked(const std::vector<std::optional<double>>& values) {
  std::set<double, std::greater<>> distinct;
  size_t there = 0;
  for (const auto& value : values) {
    if (!value) continue;
    distinct.insert(*value);
    ++there;
  }
  std::vector<std::optional<Emphasis>> marks(values.size());
  if (there < 2) return marks;
  const double best = *distinct.begin();
  const auto tied = std::count(values.begin(), values.end(), std::optional(best));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    if (*values[i] == best) {
      marks[i] = Emphasis::best;
    } else if (tied == 1 && *values[i] == *std::next(distinct.begin())) {
      marks[i] = Emphasis::second;
    }
  }
  return marks;
}

}  // namespace tractrix::report
