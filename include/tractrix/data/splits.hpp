// Which patients train and which are reported, fold by fold.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/core/seed.hpp"
#include "tractrix/data/cohort.hpp"
#include "tractrix/data/options.hpp"

namespace tractrix::data {

struct Fold {
  int64_t index = 0;
  std::vector<std::string> train;  // what the optimizer sees
  std::vector<std::string>
      inner;  // part of the training fold kept apart to choose an epoch; may be empty
  std::vector<std::string> val;  // the reported patients, in cohort order
};

struct Splits {
  std::vector<Fold> folds;
  std::string sha256;  // of the split files, in order
};

// Reads splits_0.csv ... (columns train, val or test; an unnamed index column and padding cells are
// ignored). All defects at once: a patient on both sides, twice on a side, an id the table lacks, a
// patient in no fold, an empty side. The inner part is drawn per fold, stratified on event, from
// `seed`.
Splits read_splits(const SplitOptions& options, const Cohort& cohort, const Seed& seed);
// Adds the findings and returns what could be read.
Splits read_splits(const SplitOptions& options, const Cohort& cohort, const Seed& seed,
                   Errors& errors);

// k folds stratified on event and time bin, whole patients; written by `tractrix data split`.
std::vector<Fold> make_folds(const Cohort& cohort, int64_t folds, const Seed& seed);
void write_splits(const std::vector<Fold>& folds, const std::filesystem::path& folder);

}  // namespace tractrix::data
