// All sections of a config, checked and ready to be packed.
#pragma once

#include <string>
#include <vector>

#include "tractrix/data/spatial/section.hpp"
#include "tractrix/data/spatial/spatial_config.hpp"

namespace tractrix::spatial {

struct PreparedSection {
  Section section;             // all genes of the cohort's intersection, in one order
  std::vector<double> totals;  // per spot, over all genes of the file
  Niches niches;
};

struct FoldGenes {
  SectionFold fold;
  GeneChoice choice;
  std::vector<std::string> constant;  // chosen genes that never change in the training sections
};

struct SpatialCohort {
  std::vector<PreparedSection> sections;
  std::vector<std::string> genes;  // of all sections
  std::vector<Owner> owners;
  std::vector<FoldGenes> folds;

  // Reads every section, leaves spots with too few genes out, finds niches, splits and chooses
  // genes. Every defect of every section at once; `need_images`: a section without one is a defect.
  static SpatialCohort load(const SpatialConfig& config, bool need_images);
};

}  // namespace tractrix::spatial
