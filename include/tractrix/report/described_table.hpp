// A results table after a description (table_file.hpp): cells from run folders and from published
// values, absolute differences between rows.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/report/document.hpp"
#include "tractrix/report/paired_cells.hpp"
#include "tractrix/report/run_table.hpp"
#include "tractrix/report/table_file.hpp"

namespace tractrix::report {

struct FilledCell {
  std::optional<double> mean, std;  // std: population, of the folds; as published otherwise
  std::string reason;               // why there is no mean
  std::string remark;               // printed below the table, with a mark in the cell
  bool ranked = false;
  Pairable values;  // for paired tests
};

struct FilledRow {
  std::string key;
  TableRow description;
  std::vector<FilledCell> cells;  // one per column
  FilledCell overall;             // mean of the cells, when none is missing
};

// A row minus another one, column by column; the last entry is the mean over the columns.
struct Difference {
  size_t row = 0, other = 0;
  std::vector<std::optional<double>> values;
  std::vector<PairedResult> tests;          // one per column, none for the mean
  std::vector<std::optional<double>> holm;  // p adjusted for all tests of the table
};

struct FilledTable {
  TableFile file;
  std::vector<FilledRow> rows;
  std::vector<Difference> differences;
  std::vector<LabelledRun> runs;  // the run folders that were found, by their names
};

// roots: folders of run folders, or run folders themselves. A cell whose run is not there, not
// finished or without a value for the selection is missing. Published means are computed again from
// their folds, and the published mean over the columns from its cells; what differs by more than
// the rounding to four digits is marked. Throws an Error when two roots hold a run of one name, and
// when a run is one of another cohort than its column's.
FilledTable fill(const TableFile& file, const std::vector<std::filesystem::path>& roots);

Document table_document(const FilledTable& table);

}  // namespace tractrix::report
