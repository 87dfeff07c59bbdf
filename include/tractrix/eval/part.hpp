// Every survival statistic of one set of patients: a fold, all folds together, a subgroup.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/eval/measured.hpp"
#include "tractrix/survival/calibration.hpp"
#include "tractrix/survival/concordance.hpp"
#include "tractrix/survival/interval.hpp"

namespace tractrix::eval {

// A number with what is known of its precision.
struct Estimate {
  double value = 0;
  std::optional<double> standard_error;
  std::optional<survival::Interval> interval;
  std::optional<double> p;
};

// Low risk (0) and high risk (1).
struct RiskGroup {
  int64_t patients = 0, events = 0;
  Measured<Estimate> restricted_mean;
};

// One entry per time in auc, brier. None of the values depends on another: what is undefined keeps
// the rest.
struct Part {
  int64_t fold = -1;  // -1: pooled
  int64_t patients = 0, events = 0;
  Measured<survival::Concordance> concordance;
  Measured<Estimate> c_index;  // with standard error and logit interval
  std::string no_precision;    // why the index has neither
  Measured<double> uno;
  std::vector<Measured<double>> auc;
  Measured<double> mean_auc;
  std::vector<Measured<double>> brier;
  Measured<double> integrated_brier;
  Measured<Estimate> hazard_ratio;  // of one standard deviation of the risk within its fold
  std::array<RiskGroup, 2> groups;
  Measured<Estimate> log_rank;                    // chi-square with p
  Measured<Estimate> restricted_mean_difference;  // low - high, p normal
  Measured<std::vector<survival::CalibrationGroup>> calibration;
};

// The statistics that are single numbers, by name in a fixed order: those at a time are named
// auc@12.5, brier@12.5.
struct Scalar {
  std::string name;
  Measured<Estimate> estimate;
};
std::vector<Scalar> scalars(const Part& part, const std::vector<double>& times);

}  // namespace tractrix::eval
