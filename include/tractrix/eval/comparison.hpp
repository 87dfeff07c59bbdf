// Two models on the same patients.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tractrix/eval/measured.hpp"
#include "tractrix/eval/metrics.hpp"
#include "tractrix/eval/source.hpp"
#include "tractrix/survival/concordance_interval.hpp"
#include "tractrix/survival/paired.hpp"

namespace tractrix::eval {

// fold_mean: of the folds' differences, each with the resampled patients of the fold; pooled: of
// the indices of all patients together.
enum class BootstrapOf { fold_mean, pooled };

struct CompareOptions {
  bool common = false;  // leave out, and name, patients that only one side has
  double level = 0.95;
  BootstrapOf bootstrap = BootstrapOf::fold_mean;
  int64_t replicates = 2000;  // 0: none
  uint64_t seed = 1;
};

// The bootstrap's jackknife alone takes as many indices as there are patients.
constexpr int64_t kMostBootstrap = 5'000;

struct FoldComparison {
  int64_t fold = -1;  // -1: pooled
  int64_t patients = 0, events = 0;
  Measured<double> difference;  // of the indices, first - second
  Measured<survival::ConcordanceDifference> test;
};

struct BootstrapDifference {
  double difference = 0;
  double standard_error = 0;
  survival::Interval interval;  // BCa
  int64_t replicates = 0;       // on which the difference is defined
  int64_t undefined = 0;
};

struct Comparison {
  CompareOptions options;
  std::string first, second;                         // where they come from
  std::vector<std::string> only_first, only_second;  // patients left out, "fold 1: 'A'"
  std::vector<FoldComparison> folds;
  FoldComparison pooled;
  Measured<Spread> mean;  // of the folds' differences; none where a fold has none
  Measured<survival::WilcoxonTest> wilcoxon;  // over the folds' indices
  Measured<survival::PairedT> paired_t;       // likewise
  Measured<BootstrapDifference> bootstrap;
};

// Patient by patient within each fold. Throws an Error that names the patients (all findings in
// one) that only one side has unless options.common, whose time or event differ or are not known,
// and that are in different folds; also when no patient is common and for options that make no
// sense.
Comparison compare(const Source& first, const Source& second, const CompareOptions& options = {});

}  // namespace tractrix::eval
