// The description of a results table: cohorts as columns; rows that are run folders or published
// values. docs/reports.md shows a whole file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/core/named.hpp"
#include "tractrix/report/paired_cells.hpp"
#include "tractrix/report/run_summary.hpp"

namespace tractrix::report {

// One cell of a row, by column. A row of runs may hold remarks only.
struct TableCell {
  std::optional<double> mean, std;  // as published
  std::vector<double> folds;        // as published; the mean is computed again from them
  std::string note;                 // printed below the table
  bool ranked = true;               // may be the best of its column
};

struct TableRow {
  std::string label;
  std::string run;     // name of the run folder; {column} stands for the column
  std::string config;  // the config that makes it, for whoever finds the cell missing
  Selection selection = Selection::last;
  std::string source, protocol;   // of published values
  bool same_folds = false;        // published: fold k holds the patients of the runs' fold k
  std::string difference;         // row to which the differences refer
  std::optional<double> overall;  // published mean over the columns
  Named<TableCell> cells;
};

// What is drawn of a table. bars: the cells as bars grouped by column, with their deviations.
// survival: Kaplan-Meier curves of every run at the median of all its reported risks. terms: loss
// terms and diagnostics over the epochs, one figure per column.
enum class TableFigure { none, bars, survival, terms };
using TableFigureNames = std::vector<std::pair<const char*, TableFigure>>;
TableFigureNames names(TableFigure);

struct TableFile {
  std::string title, note;
  TableFigure figure = TableFigure::none;
  std::vector<std::string> terms;      // figure terms: names in metrics.jsonl
  std::vector<std::string> columns;    // cohorts
  PairedTest test = PairedTest::none;  // of each difference
  bool overall = false;                // a last column: the mean over the columns
  Named<TableRow> rows;
};

// Throws an Error that lists every defect with file:line:column: unknown keys, rows that are both
// runs and published or neither, published values without source and protocol, cells of unknown
// columns, differences to unknown rows or to the row itself.
TableFile read_table_file(const std::filesystem::path& file);

// "snn_{column}" for "blca": "snn_blca".
std::string filled(std::string pattern, const std::string& column);

}  // namespace tractrix::report
