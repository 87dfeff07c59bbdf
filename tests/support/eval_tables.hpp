// Prediction tables for tests: made up ones, and the published risks of one model and cohort.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>

#include "support/paths.hpp"
#include "tractrix/core/seed.hpp"
#include "tractrix/eval/source.hpp"

namespace tractrix::testing {

const char* const kMcat = "MCATsm_nll_surv_a0.0_5foldcv_gc32_concat";
const char* const kAmil = "AMILsm_nll_surv_a0.0_5foldcv_gc32_sig";

inline std::filesystem::path published_risks() {
  return std::filesystem::path(data_folder()) / "published_risks";
}

inline eval::ColumnMap published_map(const std::string& model, const std::string& cohort) {
  eval::ColumnMap map;
  map.time = "survival_months";
  map.censorship = "censorship";
  map.only = {{"model", model}, {"cohort", cohort}};
  return map;
}

inline eval::Source published(const std::string& model, const std::string& cohort) {
  return eval::table_source(published_risks() / "mcat_iccv.csv", published_map(model, cohort));
}

// Patients in equal folds; the risk has to do with the time, about a third is censored. bins > 0:
// survival columns that fall with the risk.
inline eval::Source made_up_source(int64_t patients, int64_t folds, int64_t bins = 0,
                                   uint64_t seed = 1) {
  eval::Source source;
  source.where = "made up";
  const Seed draws(seed);
  for (int64_t i = 0; i < patients; ++i) {
    const auto n = static_cast<uint64_t>(3 * i);
    eval::PredictionRow row;
    row.id = "P" + std::to_string(i);
    row.fold = i % folds;
    row.risk = 2 * draws.uniform(n) - 1;
    row.time = -20 * std::exp(-row.risk) * std::log(1 - draws.uniform(n + 1)) + 0.01;
    row.event = draws.uniform(n + 2) > 0.35;
    for (int64_t k = 1; k <= bins; ++k)
      row.survival.push_back(std::exp(-0.3 * static_cast<double>(k) * std::exp(row.risk)));
    source.predictions.rows.push_back(std::move(row));
  }
  return source;
}

}  // namespace tractrix::testing
