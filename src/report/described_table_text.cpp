// The document of a described table: values, differences, sources.
#include <cstdio>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/report/described_table.hpp"

namespace tractrix::report {
namespace {

std::string fixed(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// a, b, ... z, aa, ab ...: marks of remarks.
std::string letter(size_t number) {
  std::string text(1, static_cast<char>('a' + number % 26));
  return number < 26 ? text : letter(number / 26 - 1) + text;
}

std::vector<const FilledCell*> cells_of(const FilledTable& table, const FilledRow& row) {
  std::vector<const FilledCell*> cells;
  for (const auto& cell : row.cells) cells.push_back(&cell);
  if (table.file.overall) cells.push_back(&row.overall);
  return cells;
}

std::vector<std::string> header_of(const FilledTable& table, const std::string& first) {
  std::vector<std::string> header{first};
  header.insert(header.end(), table.file.columns.begin(), table.file.columns.end());
  if (table.file.overall) header.emplace_back("mean of columns");
  return header;
}

std::string name_of(const FilledRow& row) {
  return row.description.label + ", " + title(row.description.selection);
}

void emphasize(Table& shown, const FilledTable& table) {
  const size_t columns = shown.header.size() - 1;
  for (const auto selection : kSelections) {
    for (size_t c = 0; c < columns; ++c) {
      std::vector<std::optional<double>> values;
      for (const auto& row : table.rows) {
        const auto* cell = cells_of(table, row)[c];
        const bool counts = row.description.selection == selection && cell->ranked;
        values.push_back(counts ? cell->mean : std::nullopt);
      }
      const auto marks = ranked(values);
      for (size_t r = 0; r < marks.size(); ++r)
        if (marks[r]) shown.emphasis[{r, c + 1}] = *marks[r];
    }
  }
}

Section values_section(const FilledTable& table) {
  Section section{"C-index"};
  if (!table.file.note.empty()) section.text.push_back(table.file.note);
  section.table.header = header_of(table, "row");
  std::vector<std::string> remarks;
  for (const auto& row : table.rows) {
    auto& cells = section.table.rows.emplace_back();
    cells.push_back(name_of(row) + (row.description.run.empty() ? ", published" : ""));
    for (const auto* cell : cells_of(table, row)) {
      auto text = cell->mean ? fixed(*cell->mean, "%.4f") : std::string(kMissing);
      if (cell->mean && cell->std) text += " \u00b1 " + fixed(*cell->std, "%.4f");
      if (!cell->remark.empty()) {
        const auto mark = letter(remarks.size());
        text += " (" + mark + ")";
        remarks.push_back("(" + mark + ") " + cell->remark);
      }
      cells.push_back(std::move(text));
    }
  }
  emphasize(section.table, table);
  section.notes = std::move(remarks);
  section.notes.emplace_back(
      "Rows of runs: mean over the folds \u00b1 population standard deviation (divides by the "
      "number of folds). Published rows: see Sources.");
  section.notes.emplace_back(
      "Bold is the best and underlined the second best of a column among the rows of one "
      "selection rule; no test of significance stands behind these marks. Best epochs are chosen "
      "on the patients they are reported on: optimistic.");
  return section;
}

const FilledRow& row_at(const FilledTable& table, const std::string& key) {
  for (const auto& row : table.rows)
    if (row.key == key) return row;
  throw Error(key, "is no row of the table");
}

Section differences_section(const FilledTable& table) {
  Section section{"Absolute differences"};
  section.table.header = header_of(table, "absolute difference in C-index");
  for (const auto& row : table.rows) {
    if (row.description.difference.empty()) continue;
    const auto& other = row_at(table, row.description.difference);
    auto& cells = section.table.rows.emplace_back();
    cells.push_back(name_of(row) + " minus row " + name_of(other));
    const auto ours = cells_of(table, row), theirs = cells_of(table, other);
    for (size_t c = 0; c < ours.size(); ++c) {
      const bool both = ours[c]->mean && theirs[c]->mean;
      cells.push_back(both ? fixed(*ours[c]->mean - *theirs[c]->mean, "%+.4f") : kMissing);
    }
  }
  section.notes.emplace_back(
      "First row minus second row, in units of the C-index (not relative); missing where one of "
      "the two is.");
  return section;
}

Section sources_section(const FilledTable& table) {
  Section section{"Sources"};
  section.table.header = {"row", "source", "protocol"};
  section.table.prose = true;
  for (const auto& row : table.rows) {
    const auto& d = row.description;
    if (d.run.empty()) {
      section.table.rows.push_back({name_of(row), d.source, d.protocol});
    } else {
      section.table.rows.push_back({name_of(row), "run folders " + d.run, title(d.selection)});
    }
    for (size_t c = 0; c < row.cells.size(); ++c) {
      if (!row.cells[c].mean && d.selection == Selection::last)
        section.notes.push_back(name_of(row) + ", " + table.file.columns[c] + ": missing, " +
                                row.cells[c].reason);
    }
  }
  return section;
}

// One line per row and column; an empty field is a missing value.
Table data_of(const FilledTable& table) {
  Table data{{"row", "label", "column", "selection", "kind", "mean", "std", "difference",
              "difference_to", "remark", "source", "synthetic_bags"},
             {}};
  const auto text = [](const std::optional<double>& v) { return v ? shortest(*v) : ""; };
  for (const auto& row : table.rows) {
    const auto& d = row.description;
    for (size_t c = 0; c < row.cells.size(); ++c) {
      const auto& cell = row.cells[c];
      std::optional<double> difference;
      if (!d.difference.empty() && cell.mean) {
        const auto& other = row_at(table, d.difference).cells[c].mean;
        if (other) difference = *cell.mean - *other;
      }
      bool synthetic = false;
      for (const auto& run : table.runs)
        synthetic = synthetic || (run.label == filled(d.run, table.file.columns[c]) &&
                                  run.summary.facts.value("synthetic", false));
      data.rows.push_back({row.key, d.label, table.file.columns[c], name(d.selection),
                           d.run.empty() ? "published" : "run", text(cell.mean), text(cell.std),
                           text(difference), d.difference, cell.mean ? cell.remark : cell.reason,
                           d.source,
                           d.run.empty() ? ""
                           : synthetic   ? "yes"
                                         : "no"});
    }
  }
  return data;
}

}  // namespace

Document table_document(const FilledTable& table) {
  Document document{table.file.title, banners(table.runs)};
  document.sections.push_back(values_section(table));
  auto differences = differences_section(table);
  if (!differences.table.rows.empty()) document.sections.push_back(std::move(differences));
  document.sections.push_back(sources_section(table));
  document.data = data_of(table);
  if (table.runs.empty()) return document;
  auto runs = run_document(table.runs);
  for (auto& section : runs.sections) {
    section.title = "Runs: " + section.title;
    document.sections.push_back(std::move(section));
  }
  return document;
}

}  // namespace tractrix::report
