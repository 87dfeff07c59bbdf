// The document of a described table: values, differences, sources.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/report/described_table.hpp"

namespace tractrix::report {
namespace {

constexpr double kSignificant = 0.05;

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

std::string shown(const Difference& difference, size_t column) {
  if (!difference.values[column]) return kMissing;
  auto text = fixed(*difference.values[column], "%+.4f");
  if (column >= difference.tests.size() || !difference.tests[column].p) return text;
  text += " (p = " + fixed(*difference.tests[column].p, "%.4f") + ")";
  return *difference.holm[column] < kSignificant ? text + " *" : text;
}

// Why a difference that is there has no p, once per reason.
std::vector<std::string> untested(const FilledTable& table) {
  std::map<std::string, std::vector<std::string>> reasons;
  for (const auto& difference : table.differences) {
    for (size_t c = 0; c < difference.tests.size(); ++c) {
      if (difference.values[c] && !difference.tests[c].reason.empty())
        reasons[difference.tests[c].reason].push_back(name_of(table.rows[difference.row]) + " in " +
                                                      table.file.columns[c]);
    }
  }
  std::vector<std::string> notes;
  for (const auto& [reason, cells] : reasons)
    notes.push_back("Not tested (" + reason + "): " + enumerate(cells, 12) + ".");
  return notes;
}

Section differences_section(const FilledTable& table) {
  Section section{"Absolute differences"};
  section.table.header = header_of(table, "absolute difference in C-index");
  for (const auto& difference : table.differences) {
    auto& cells = section.table.rows.emplace_back();
    cells.push_back(name_of(table.rows[difference.row]) + " minus row " +
                    name_of(table.rows[difference.other]));
    for (size_t c = 0; c + 1 < section.table.header.size(); ++c)
      cells.push_back(shown(difference, c));
  }
  section.notes.emplace_back(
      "First row minus second row, in units of the C-index (not relative); missing where one of "
      "the two is.");
  if (table.file.test == PairedTest::none) return section;
  section.notes.push_back(std::string("p: ") + description(table.file.test) +
                          ". * p below 0.05 after Holm's correction for all tests of the table.");
  for (auto& note : untested(table)) section.notes.push_back(std::move(note));
  return section;
}

Section sources_section(const FilledTable& table) {
  Section section{"Sources"};
  section.table.header = {"row", "source", "protocol"};
  section.table.prose = true;
  std::set<std::string> named;  // runs whose absence has been explained
  for (const auto& row : table.rows) {
    const auto& d = row.description;
    if (d.run.empty()) {
      section.table.rows.push_back({name_of(row), d.source, d.protocol});
    } else {
      section.table.rows.push_back({name_of(row), "run folders " + d.run, title(d.selection)});
    }
    for (size_t c = 0; c < row.cells.size(); ++c) {
      const auto run = filled(d.run, table.file.columns[c]);
      if (!row.cells[c].mean &&
          (d.run.empty() ? d.selection == Selection::last : named.insert(run).second))
        section.notes.push_back(name_of(row) + ", " + table.file.columns[c] + ": missing, " +
                                row.cells[c].reason);
    }
  }
  return section;
}

bool is_synthetic(const FilledTable& table, const std::string& run) {
  for (const auto& [label, summary] : table.runs)
    if (label == run) return summary.facts.value("synthetic", false);
  return false;
}

// One line per row and column; an empty field is a missing value.
Table data_of(const FilledTable& table) {
  Table data{{"row", "label", "column", "selection", "kind", "mean", "std", "difference",
              "difference_to", "p", "p_holm", "remark", "source", "synthetic_bags"},
             {}};
  const auto text = [](const std::optional<double>& v) { return v ? shortest(*v) : ""; };
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    const auto& d = row.description;
    const auto difference = std::find_if(table.differences.begin(), table.differences.end(),
                                         [r](const auto& candidate) { return candidate.row == r; });
    const bool compared = difference != table.differences.end();
    for (size_t c = 0; c < row.cells.size(); ++c) {
      const auto& cell = row.cells[c];
      const auto& column = table.file.columns[c];
      const bool run = !d.run.empty();
      data.rows.push_back(
          {row.key, d.label, column, name(d.selection), run ? "run" : "published", text(cell.mean),
           text(cell.std), compared ? text(difference->values[c]) : "", d.difference,
           compared ? text(difference->tests[c].p) : "", compared ? text(difference->holm[c]) : "",
           cell.mean ? cell.remark : cell.reason, d.source,
           !run                                         ? ""
           : is_synthetic(table, filled(d.run, column)) ? "yes"
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
