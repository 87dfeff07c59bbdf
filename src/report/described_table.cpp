#include "tractrix/report/described_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tractrix/core/error.hpp"
#include "tractrix/survival/adjust.hpp"

namespace tractrix::report {
namespace {

// A mean of values rounded to four digits and rounded itself is off by at most this.
constexpr double kRounding = 1e-4 + 1e-12;

std::string fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

bool ends_like(const std::filesystem::path& folder, const std::string& name) {
  auto path = std::filesystem::absolute(folder).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  const std::string whole = path.string();
  return whole == name || whole.ends_with("/" + name);
}

std::optional<std::filesystem::path> find_run(const std::string& name,
                                              const std::vector<std::filesystem::path>& roots) {
  std::vector<std::string> found;
  for (const auto& root : roots) {
    for (const auto& folder : {root / name, root}) {
      if (!std::filesystem::exists(folder / "run.json") || !ends_like(folder, name)) continue;
      found.push_back(std::filesystem::canonical(folder).string());
      break;
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.size() > 1)
    throw Error("run '" + name + "'", "is there more than once: " + enumerate(found),
                "name only the folder that is meant");
  if (found.empty()) return std::nullopt;
  return found.front();
}

FilledCell from_summary(const RunSummary& summary, Selection selection) {
  FilledCell cell;
  if (!summary.whole()) {
    cell.reason = std::to_string(summary.folds.size()) + " of " +
                  std::to_string(summary.facts.value("folds", int64_t{0})) + " folds are finished";
    return cell;
  }
  const auto& c = summary.at(selection).c_index;
  if (!c) {
    const auto why = gaps(summary);
    cell.reason = why.empty() ? "the split has no inner validation part" : why.front();
    return cell;
  }
  cell.mean = c->mean;
  cell.std = c->population_std;
  for (const auto& fold : summary.folds)
    cell.values.folds.push_back(fold.at(selection).c_index.value());
  cell.values.splits = summary.facts.value("splits_sha256", std::string());
  cell.values.run = summary.folder;
  cell.values.selection = selection;
  return cell;
}

FilledCell from_run(FilledTable& table, const TableRow& row, const std::string& column,
                    const std::vector<std::filesystem::path>& roots) {
  const auto name = filled(row.run, column);
  FilledCell cell;
  cell.reason = "no run " + name;
  if (!row.config.empty())
    cell.reason += "; `tractrix crossval " + filled(row.config, column) + "` makes it";
  const auto folder = find_run(name, roots);
  if (!folder) return cell;
  auto known = std::find_if(table.runs.begin(), table.runs.end(),
                            [&](const auto& run) { return run.label == name; });
  if (known == table.runs.end()) {
    try {
      known = table.runs.insert(known, {name, summarize(*folder)});
    } catch (const Error& e) {  // no finished fold: missing, with that reason
      cell.reason = e.what();
      return cell;
    }
  }
  const auto cohort = known->summary.facts.value("cohort", std::string());
  if (cohort != column)
    throw Error(folder->string(),
                "is a run of '" + cohort + "', the table's column is '" + column + "'");
  return from_summary(known->summary, row.selection);
}

void add_remark(FilledCell& cell, const std::string& remark) {
  if (remark.empty()) return;
  cell.remark += (cell.remark.empty() ? "" : "; ") + remark;
}

FilledCell from_paper(const TableCell& published, bool same_folds) {
  FilledCell cell;
  cell.values.folds = published.folds;
  cell.values.same_folds = same_folds;
  cell.mean = published.mean;
  cell.std = published.std;
  if (published.folds.empty()) {
    if (!cell.mean) cell.reason = "not published";
    return cell;
  }
  const auto again = eval::spread(published.folds);
  if (!cell.mean) cell.mean = again.mean;
  if (!cell.std) cell.std = again.population_std;
  if (std::abs(*cell.mean - again.mean) > kRounding)
    add_remark(cell,
               "published mean " + fixed(*cell.mean) + ", its folds give " + fixed(again.mean));
  return cell;
}

FilledCell overall_of(const FilledRow& row) {
  FilledCell overall;
  std::vector<double> means;
  for (const auto& cell : row.cells)
    if (cell.mean) means.push_back(*cell.mean);
  const auto& published = row.description.overall;
  if (means.size() != row.cells.size()) {
    overall.reason = "a cell of the row is missing";
    overall.mean = published;
    if (published) add_remark(overall, "as published; a cell is missing, it cannot be checked");
    return overall;
  }
  const double again = eval::spread(means).mean;
  overall.mean = published.value_or(again);
  overall.ranked = true;
  if (published && std::abs(*published - again) > kRounding)
    add_remark(overall, "published mean over the columns " + fixed(*published) +
                            ", its cells give " + fixed(again));
  return overall;
}

std::optional<double> minus(const FilledCell& first, const FilledCell& second) {
  return first.mean && second.mean ? std::optional(*first.mean - *second.mean) : std::nullopt;
}

void add_differences(FilledTable& table) {
  std::vector<double> p;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    if (row.description.difference.empty()) continue;
    Difference difference;
    difference.row = r;
    while (table.rows[difference.other].key != row.description.difference) ++difference.other;
    const auto& other = table.rows[difference.other];
    for (size_t c = 0; c < row.cells.size(); ++c) {
      difference.values.push_back(minus(row.cells[c], other.cells[c]));
      difference.tests.push_back(
          paired(row.cells[c].values, other.cells[c].values, table.file.test));
      if (difference.tests.back().p) p.push_back(*difference.tests.back().p);
    }
    difference.values.push_back(minus(row.overall, other.overall));
    table.differences.push_back(std::move(difference));
  }
  const auto adjusted = p.empty() ? p : survival::holm(p);
  size_t next = 0;
  for (auto& difference : table.differences)
    for (const auto& test : difference.tests)
      difference.holm.push_back(test.p ? std::optional(adjusted[next++]) : std::nullopt);
}

}  // namespace

FilledTable fill(const TableFile& file, const std::vector<std::filesystem::path>& roots) {
  FilledTable table;
  table.file = file;
  for (const auto& [key, description] : file.rows) {
    FilledRow row{key, description, {}, {}};
    for (const auto& column : file.columns) {
      const auto* given = description.cells.find(column);
      auto cell = !description.run.empty()
                      ? from_run(table, description, column, roots)
                      : from_paper(given ? *given : TableCell{}, description.same_folds);
      cell.ranked = !given || given->ranked;
      if (given) add_remark(cell, given->note);
      row.cells.push_back(std::move(cell));
    }
    row.overall = overall_of(row);
    table.rows.push_back(std::move(row));
  }
  add_differences(table);
  return table;
}

}  // namespace tractrix::report
