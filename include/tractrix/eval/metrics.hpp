// Metrics of a prediction table: per fold, over the folds, and pooled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/eval/predictions.hpp"
#include "tractrix/survival/concordance.hpp"

namespace tractrix::eval {

// What one fold's rows say. A metric that is undefined there (no event, no comparable pair) is
// none, with the reason; it is never a number.
struct FoldMetrics {
  int64_t fold = 0;
  int64_t patients = 0, events = 0;
  std::optional<survival::Concordance> concordance;
  std::string reason;  // empty when concordance is there
};

// Over the folds. population_std divides by the number of folds (MCAT and CMTA print this one),
// sample_std by one less (none for a single fold).
struct Spread {
  double mean = 0, population_std = 0;
  std::optional<double> sample_std;
};

struct Metrics {
  std::vector<FoldMetrics> folds;  // ascending
  FoldMetrics pooled;  // all rows as one fold: risks of different models are compared, fold is -1
  std::optional<Spread>
      c_index;  // none when any fold has none: a mean over fewer folds is another number
};

// values must not be empty.
Spread spread(const std::vector<double>& values);
// The middle value, or the mean of the middle two: the threshold of risk groups wherever they are
// drawn, so that no patient changes sides by rounding.
double median(std::vector<double> values);

// Throws an Error that names the patients whose time or event is not known, and for an empty table.
// where: the table's name for messages.
Metrics evaluate(const Predictions& predictions, const std::string& where);

}  // namespace tractrix::eval
