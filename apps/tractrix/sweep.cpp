#include "sweep.hpp"

#include <algorithm>
#include <iostream>
#include <optional>

#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/named.hpp"
#include "tractrix/eval/metrics.hpp"
#include "tractrix/report/run_summary.hpp"

namespace tractrix::app {
namespace sweep_detail {

struct Axis {
  std::string key;
  std::vector<std::string> values;
};

std::vector<std::string> split_values(const std::string& text) {
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = 0;
  for (char c : text) {
    if (quote == 0 && depth == 0 && c == ',') {
      values.emplace_back();
      continue;
    }
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (quote == 0) {
      depth += (c == '[' || c == '{') - (c == ']' || c == '}');
    }
    values.back() += c;
  }
  return values;
}

std::vector<Axis> axes(const std::vector<std::string>& sweeps) {
  std::vector<Axis> all;
  Errors errors;
  for (const auto& sweep : sweeps) {
    const auto equals = sweep.find('=');
    const std::string key = sweep.substr(0, equals);
    const auto values = split_values(equals == std::string::npos ? "" : sweep.substr(equals + 1));
    const bool twice =
        std::any_of(all.begin(), all.end(), [&](const Axis& axis) { return axis.key == key; });
    if (std::find(values.begin(), values.end(), "") != values.end() || key.empty()) {
      errors.add("--sweep " + sweep, "key=v1,v2 was expected", "--sweep train.lr=1e-4,2e-4");
    } else if (twice) {
      errors.add("--sweep " + sweep, "'" + key + "' is swept already", "list all its values once");
    } else if (key == "run.name" || key == "run.out" || key == "run.seed") {
      errors.add("--sweep " + sweep, "'" + key + "' cannot be swept", "--seeds 1,2,3 sweeps seeds");
    }
    all.push_back({key, values});
  }
  errors.raise();
  return all;
}

// One word as part of a path.
std::string safe(std::string text) {
  for (char& c : text)
    if (c == '/' || c == ' ' || c == '"' || c == '\'') c = '_';
  return text;
}

std::vector<SweepPoint> combinations(const std::vector<Axis>& axes, bool grid) {
  std::vector<SweepPoint> points;
  if (!grid) {
    for (const auto& axis : axes)
      for (const auto& value : axis.values)
        points.push_back({axis.key + "=" + value, {}, {axis.key + "=" + value}});
  } else {
    points.emplace_back();
    for (const auto& axis : axes) {
      std::vector<SweepPoint> longer;
      for (const auto& point : points) {
        for (const auto& value : axis.values) {
          auto next = point;
          next.assignments.push_back(axis.key + "=" + value);
          next.label += (next.label.empty() ? "" : ", ") + next.assignments.back();
          longer.push_back(std::move(next));
        }
      }
      points = std::move(longer);
    }
  }
  for (auto& point : points)
    for (const auto& assignment : point.assignments)
      point.folder += (point.folder.empty() ? "" : ",") + safe(assignment);
  return points;
}

// Mean and sample deviation of one selection over the runs of a row.
std::string cell(const std::vector<report::RunSummary>& runs, report::Selection selection) {
  std::vector<double> values;
  for (const auto& run : runs)
    if (run.at(selection).c_index) values.push_back(run.at(selection).c_index->mean);
  if (values.empty() || values.size() != runs.size()) return "-";
  const auto spread = eval::spread(values);
  char text[64];
  if (spread.sample_std) {
    std::snprintf(text, sizeof text, "%.4f +- %.4f", spread.mean, *spread.sample_std);
  } else {
    std::snprintf(text, sizeof text, "%.4f", spread.mean);
  }
  return text;
}

struct Rows {
  Named<std::vector<report::RunSummary>> runs;  // by label
  std::vector<std::string> unfinished;
};

Rows read_rows(const std::filesystem::path& folder, const Json& sweep) {
  Rows rows;
  for (const auto& point : sweep.at("points")) {
    const auto run = folder / point.at("folder").get<std::string>();
    const auto last = std::filesystem::exists(run / "run.json");
    std::optional<report::RunSummary> summary;
    try {
      if (last) summary = report::summarize(run);
    } catch (const Error&) {  // no fold is finished: said below the table
    }
    if (!summary || !summary->whole()) {
      rows.unfinished.push_back(point.at("folder").get<std::string>());
    } else {
      rows.runs[point.at("label").get<std::string>()].push_back(std::move(*summary));
    }
  }
  return rows;
}

report::Table table_of(const Rows& rows) {
  report::Table table{
      {"mean C-index", "runs", "last epoch", "inner validation", "best on reported*"}, {}};
  std::vector<report::RunSummary> all;
  const auto add = [&](const std::string& label, const std::vector<report::RunSummary>& runs) {
    std::vector<std::string> row{label, std::to_string(runs.size())};
    for (const auto selection : report::kSelections) row.push_back(cell(runs, selection));
    table.rows.push_back(std::move(row));
  };
  for (const auto& [label, runs] : rows.runs) {
    if (label.empty()) {  // seeds alone: a row each
      for (const auto& run : runs)
        add("seed " + std::to_string(run.facts.value("seed", int64_t{0})), {run});
    }
    add(label.empty() ? "over seeds" : label, runs);
  }
  return table;
}

}  // namespace sweep_detail

using namespace sweep_detail;

std::vector<SweepPoint> sweep_points(const std::vector<std::string>& sweeps, bool grid,
                                     const std::vector<int64_t>& seeds) {
  auto points = combinations(axes(sweeps), grid || sweeps.empty());
  if (seeds.empty()) return points;
  std::vector<SweepPoint> all;
  for (const auto& point : points) {
    for (int64_t seed : seeds) {
      auto next = point;
      next.folder += (next.folder.empty() ? "" : "/") + ("seed_" + std::to_string(seed));
      next.assignments.push_back("run.seed=" + std::to_string(seed));
      all.push_back(std::move(next));
    }
  }
  return all;
}

void write_sweep(const std::filesystem::path& folder, const std::vector<SweepPoint>& points) {
  Json list = Json::array();
  for (const auto& point : points)
    list.push_back(
        {{"label", point.label}, {"folder", point.folder}, {"overrides", point.assignments}});
  std::filesystem::create_directories(folder);
  write_file(folder / "sweep.json", Json{{"points", list}}.dump(2) + "\n");
}

bool is_sweep(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / "sweep.json");
}

std::vector<std::filesystem::path> sweep_runs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> runs;
  for (const auto& point : read_json(folder / "sweep.json").at("points"))
    runs.push_back(folder / point.at("folder").get<std::string>());
  return runs;
}

void print_sweep(const std::filesystem::path& folder) {
  const auto rows = read_rows(folder, read_json(folder / "sweep.json"));
  const auto table = table_of(rows);
  std::vector<std::string> notes{
      "mean over the folds, then over the runs of a row (+- sample deviation over them). * chosen "
      "on the patients it is reported on: optimistic"};
  for (const auto& run : rows.unfinished) notes.push_back(run + " is not finished");
  std::string text = "# " + folder.filename().string() + "\n\n" + report::markdown(table) + "\n";
  for (const auto& note : notes) text += "- " + note + "\n";
  Json list = Json::array();
  for (const auto& row : table.rows) {
    Json entry = Json::object();
    for (size_t i = 0; i < row.size(); ++i) entry[table.header[i]] = row[i];
    list.push_back(entry);
  }
  write_file(folder / "summary.md", text);
  write_file(folder / "summary.json",
             Json{{"rows", list}, {"unfinished", rows.unfinished}}.dump(2) + "\n");
  std::cout << "\n" << report::text(table) << "\n";
  for (const auto& note : notes) std::cout << note << "\n";
  std::cout << "folder: " << folder.string() << "\n";
}

}  // namespace tractrix::app
