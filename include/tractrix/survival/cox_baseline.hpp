// Baseline hazards of a Cox regression and the survival that it predicts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tractrix/survival/cox_regression.hpp"

namespace tractrix::survival {

// One entry per distinct time of the stratum, ascending.
struct CoxBaseline {
  int64_t stratum = 0;  // label; 0 without strata
  std::vector<double> time;
  std::vector<double> cumulative_hazard;  // of a patient with the mean of every column

  // 0 before the first time. Throws an Error beyond the last, where nothing is known.
  double at(double t) const;
};

// Breslow: sum of d / (sum of exp(x b) over the risk set); Efron: the sum of 1 / (...) over the
// risk sets of his ties, as R's survfit. One baseline per stratum, by label. data must be what fit
// came from: throws an Error for another number of patients or columns.
std::vector<CoxBaseline> cox_baseline(const CoxData& data, const CoxFit& fit);

// exp(-H(t) exp(predictor)): [N, T] row-major of predictors [N] (cox_predictor()) and times [T].
// Errors of CoxBaseline::at().
std::vector<double> cox_survival(const CoxBaseline& baseline, std::span<const double> predictor,
                                 std::span<const double> times);

}  // namespace tractrix::survival
