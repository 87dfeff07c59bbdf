#include "tractrix/eval/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "tractrix/core/error.hpp"

namespace tractrix::eval {
namespace {

// The columns of some rows.
struct Columns {
  std::vector<double> time, risk;
  std::vector<uint8_t> event;
};

FoldMetrics measure(int64_t fold, const Columns& columns) {
  FoldMetrics metrics;
  metrics.fold = fold;
  metrics.patients = static_cast<int64_t>(columns.time.size());
  for (uint8_t event : columns.event) metrics.events += event;
  try {
    metrics.concordance = survival::concordance(columns.time, columns.event, columns.risk);
  } catch (const Error& e) {
    metrics.reason = e.what();
  }
  return metrics;
}

void check_labels(const Predictions& predictions, const std::string& where) {
  if (predictions.rows.empty()) throw Error(where, "holds no prediction");
  std::vector<std::string> unknown;
  for (const auto& row : predictions.rows) {
    if (!row.time || !row.event) unknown.push_back("'" + row.id + "'");
  }
  if (unknown.empty()) return;
  throw Error(where, std::to_string(unknown.size()) + " patients have no time or event: " +
                         enumerate(unknown) + "; there is nothing to compare their risk with");
}

}  // namespace

Spread spread(const std::vector<double>& values) {
  if (values.empty()) throw std::logic_error("spread of no values");
  const auto n = static_cast<double>(values.size());
  Spread result;
  for (double v : values) result.mean += v / n;
  double squares = 0;
  for (double v : values) squares += (v - result.mean) * (v - result.mean);
  result.population_std = std::sqrt(squares / n);
  if (values.size() > 1) result.sample_std = std::sqrt(squares / (n - 1));
  return result;
}

double median(std::vector<double> values) {
  if (values.empty()) throw std::logic_error("median of no values");
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

Metrics evaluate(const Predictions& predictions, const std::string& where) {
  check_labels(predictions, where);
  std::map<int64_t, Columns> folds;
  Columns pooled;
  for (const auto& row : predictions.rows) {
    for (Columns* to : {&folds[row.fold], &pooled}) {
      to->time.push_back(*row.time);
      to->event.push_back(*row.event ? 1 : 0);
      to->risk.push_back(row.risk);
    }
  }
  Metrics metrics;
  std::vector<double> values;
  for (const auto& [fold, columns] : folds) {
    metrics.folds.push_back(measure(fold, columns));
    const auto& c = metrics.folds.back().concordance;
    if (c) values.push_back(c->index);
  }
  metrics.pooled = measure(-1, pooled);
  if (values.size() == folds.size()) metrics.c_index = spread(values);
  return metrics;
}

}  // namespace tractrix::eval
