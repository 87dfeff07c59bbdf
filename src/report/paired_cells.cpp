#include "tractrix/report/paired_cells.hpp"

#include <cmath>
#include <map>

#include "tractrix/core/error.hpp"
#include "tractrix/survival/concordance_interval.hpp"
#include "tractrix/survival/paired.hpp"

namespace tractrix::report {
namespace {

struct Fold {
  std::vector<double> time, first, second;
  std::vector<uint8_t> event;
};

// Both runs' risks of the same patients, by fold.
std::map<int64_t, Fold> matched(const Pairable& first, const Pairable& second) {
  std::map<std::pair<int64_t, std::string>, double> risks;
  const auto others = reported(second.run, second.selection);
  for (const auto& row : others.rows) risks[{row.fold, row.id}] = row.risk;
  const auto rows = reported(first.run, first.selection);
  std::map<int64_t, Fold> folds;
  for (const auto& row : rows.rows) {
    const auto other = risks.find({row.fold, row.id});
    if (other == risks.end() || rows.rows.size() != others.rows.size())
      throw Error(first.run.string(), "does not report the patients of " + second.run.string());
    auto& fold = folds[row.fold];
    fold.time.push_back(row.time.value());
    fold.event.push_back(row.event.value() ? 1 : 0);
    fold.first.push_back(row.risk);
    fold.second.push_back(other->second);
  }
  return folds;
}

double over_patients(const Pairable& first, const Pairable& second) {
  double difference = 0, variance = 0;
  for (const auto& [number, fold] : matched(first, second)) {
    const auto c = survival::compare_concordance(fold.time, fold.event, fold.first, fold.second);
    difference += c.difference;  // the number of folds cancels in z
    variance += c.standard_error * c.standard_error;
  }
  return std::erfc(std::abs(difference) / std::sqrt(2 * variance));
}

std::string obstacle(const Pairable& first, const Pairable& second, PairedTest test) {
  if (first.folds.empty() || second.folds.empty()) return "no values of single folds";
  if (first.folds.size() != second.folds.size()) return "different numbers of folds";
  const bool both_runs = !first.run.empty() && !second.run.empty();
  if (test == PairedTest::patients && !both_runs) return "no risks of single patients";
  if (both_runs ? first.splits != second.splits : !(first.same_folds && second.same_folds))
    return "the folds do not hold the same patients";
  return {};
}

}  // namespace

PairedTestNames names(PairedTest) {
  return {{"none", PairedTest::none},
          {"wilcoxon", PairedTest::wilcoxon},
          {"paired_t", PairedTest::paired_t},
          {"patients", PairedTest::patients}};
}

const char* description(PairedTest test) {
  switch (test) {
    case PairedTest::none:
      return "";
    case PairedTest::wilcoxon:
      return "Wilcoxon's signed-rank test over the folds, two-sided (five folds cannot give a p "
             "below 0.0625)";
    case PairedTest::paired_t:
      return "Student's paired t test over the folds, two-sided (training parts of folds overlap: "
             "p is too small)";
    case PairedTest::patients:
      return "normal test of the mean over the folds of the difference of both C-indices on the "
             "same patients, two-sided (sampling of reported patients only)";
  }
  return "";
}

PairedResult paired(const Pairable& first, const Pairable& second, PairedTest test) {
  if (test == PairedTest::none) return {};
  if (auto reason = obstacle(first, second, test); !reason.empty())
    return {std::nullopt, std::move(reason)};
  try {
    switch (test) {
      case PairedTest::wilcoxon:
        return {survival::wilcoxon(first.folds, second.folds).p, {}};
      case PairedTest::paired_t:
        return {survival::paired_t(first.folds, second.folds).p, {}};
      default:
        return {over_patients(first, second), {}};
    }
  } catch (const Error& e) {
    return {std::nullopt, std::string("undefined: ") + e.what()};
  }
}

}  // namespace tractrix::report
