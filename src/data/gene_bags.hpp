// Gene bags: which rows belong to which pathway, and one file that holds every patient's bag.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tractrix/core/named.hpp"
#include "tractrix/data/bag_source.hpp"
#include "tractrix/data/feature_file.hpp"
#include "tractrix/data/options.hpp"

namespace tractrix::data {

struct GeneGroups {
  Named<std::vector<int64_t>> rows;  // of the bag, by pathway, sorted by gene name
  std::vector<std::string> notes;    // what was left out
};

// Adds one finding per pathway with genes that the bags lack (absent_genes: error), a gene that is
// named twice, and bags without names. leave_out: a pathway keeps the genes that are there, and is
// itself left out when there is none.
GeneGroups group_genes(const std::string& name, const InputOptions& input, const BagSource& source,
                       Errors& errors);

// "has 24 genes, ... 25" or "gene 3 is 'A', 'B' in ...": how two lists differ; "" when they do not.
std::string names_differ(const std::vector<std::string>& names,
                         const std::vector<std::string>& expected, const std::string& of);

// An omics_cohort file as a source of bags named by patient.
std::shared_ptr<BagSource> open_gene_cohort(FeatureFile file);

}  // namespace tractrix::data
