// Patients and their survival labels from one table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tractrix/core/csv.hpp"
#include "tractrix/data/cells.hpp"
#include "tractrix/data/cohort.hpp"

namespace tractrix::data {

struct Labels {
  std::vector<Patient> patients;   // in order of first appearance
  std::vector<double> row_times;   // of every row
  std::vector<std::string> notes;  // who has no label, where labels are optional
};

// Adds one finding per defect: missing column, empty id, a time that is missing, no number or
// negative, a status other than 0/1, rows of one patient that contradict each other, a slide listed
// twice, no patient at all, one class only.
// Where labels are optional, a missing column or cell is a note and one class only is no finding.
Labels read_labels(const CsvTable& table, const DataOptions& options, Errors& errors,
                   Labelling labelling = Labelling::required);

// A slide's name without its image extension: "TCGA-..-DX1.svs" -> "TCGA-..-DX1".
std::string slide_name(std::string_view cell);

}  // namespace tractrix::data
