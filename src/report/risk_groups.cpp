#include "tractrix/report/risk_groups.hpp"

#include <map>
#include <optional>

#include "tractrix/core/error.hpp"
#include "tractrix/eval/metrics.hpp"

namespace tractrix::report {
namespace {

std::vector<double> risks_of(const std::vector<eval::PredictionRow>& rows) {
  std::vector<double> risks;
  for (const auto& row : rows) risks.push_back(row.risk);
  return risks;
}

// By fold; none when a fold with reported patients has no training risks.
std::optional<std::map<int64_t, double>> training_medians(const std::filesystem::path& run,
                                                          Selection selection,
                                                          const eval::Predictions& reported) {
  std::map<int64_t, double> medians;
  const auto file = "predictions_" + std::string(name(selection)) + "_train.csv";
  for (const auto& [number, folder] : fold_folders(run)) {
    if (!std::filesystem::exists(folder / file)) continue;
    medians[number] = eval::median(risks_of(eval::read_predictions(folder / file).rows));
  }
  for (const auto& row : reported.rows)
    if (!medians.contains(row.fold)) return std::nullopt;
  return medians;
}

eval::Predictions some_reported(const std::filesystem::path& run, Selection selection) {
  auto rows = reported(run, selection);
  if (rows.rows.empty())
    throw Error(run.string(),
                std::string("no fold has predictions of the selection '") + name(selection) + "'");
  return rows;
}

// By the medians of the folds, or without them by that of all.
RiskGroups grouped(const eval::Predictions& rows,
                   const std::optional<std::map<int64_t, double>>& medians) {
  const double pooled = eval::median(risks_of(rows.rows));
  RiskGroups groups;
  groups.rule = medians ? "high risk: above the median risk of the fold's training patients"
                        : "high risk: above the median risk of all reported patients, pooled";
  for (const auto& row : rows.rows) {
    groups.time.push_back(row.time.value());
    groups.event.push_back(row.event.value() ? 1 : 0);
    groups.group.push_back(row.risk > (medians ? medians->at(row.fold) : pooled) ? 1 : 0);
  }
  return groups;
}

}  // namespace

RiskGroups risk_groups(const std::filesystem::path& run, Selection selection) {
  const auto rows = some_reported(run, selection);
  return grouped(rows, training_medians(run, selection, rows));
}

RiskGroups pooled_risk_groups(const std::filesystem::path& run, Selection selection) {
  return grouped(some_reported(run, selection), std::nullopt);
}

}  // namespace tractrix::report
