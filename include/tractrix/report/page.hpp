// One page for a run or a comparison: tables, figures, resolved configs.
#pragma once

#include <filesystem>
#include <vector>

#include "tractrix/report/document.hpp"
#include "tractrix/report/run_table.hpp"

namespace tractrix::report {

// run_document() with the figures of each run for one selection, drawn into folder/figures, and the
// resolved configs. A run without predictions of the selection has the reason in place of its
// figures.
Document page(const std::vector<LabelledRun>& runs, Selection selection,
              const std::filesystem::path& folder);

}  // namespace tractrix::report
