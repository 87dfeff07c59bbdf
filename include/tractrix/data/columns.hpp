// Which columns of a table make a vector input, and which of them belong to which gene group.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/named.hpp"
#include "tractrix/data/options.hpp"

namespace tractrix::data {

struct ColumnChoice {
  std::vector<std::string> columns;    // in table order
  Named<std::vector<int64_t>> groups;  // indices into columns, sorted by column name
};

// Gene symbols per group, in file order without repeats (signatures.csv: one column per group).
Named<std::vector<std::string>> read_signatures(const std::filesystem::path& file);

// signatures: every symbol + suffix the table has; a gene may be in several groups but is one
// column. mcat_block: MCAT's "columns after the first twelve" rule with its defects D-07 and D-08
// (the last gene is lost, `train` or `censorship` may be inside), datasets/dataset_survival.py.
// Only for parity with published runs. Any other selection refuses label-like columns (the time,
// the event, the split flag).
ColumnChoice choose_columns(const InputOptions& input, const LabelOptions& label,
                            const CsvTable& table);

// Chosen columns that look like the label or the split flag: the time, the event, survival_*,
// censorship*, train, disc_label.
std::vector<std::string> label_like(const ColumnChoice& choice, const LabelOptions& label);

}  // namespace tractrix::data
