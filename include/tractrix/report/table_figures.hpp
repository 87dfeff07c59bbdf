// The figures of a results table, as its description asks for them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/report/described_table.hpp"
#include "tractrix/report/document.hpp"
#include "tractrix/report/figure.hpp"

namespace tractrix::report {

// One group of bars per column, one bar per row; lines are the deviations over the folds, as
// published where the row is. A missing cell has no bar.
Figure bars_figure(const std::string& name, const FilledTable& table);

// Loss terms and diagnostics of the training patients over the epochs, one panel per term and one
// line per run: the mean where all its folds have a value. none where no run has logged one.
std::optional<Figure> terms_figure(const std::string& name, const std::string& title,
                                   const std::vector<LabelledRun>& runs,
                                   const std::vector<std::string>& terms);

// table_document() with its figures, drawn into folder/figures. A run that a figure cannot show is
// named below it with the reason.
Document table_page(const FilledTable& table, const std::filesystem::path& folder);

}  // namespace tractrix::report
