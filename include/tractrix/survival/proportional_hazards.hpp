// Whether the coefficients of a Cox regression are constant over time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tractrix/survival/cox_regression.hpp"

namespace tractrix::survival {

// Schoenfeld 1982: for every event its covariates minus their mean over the risk set (the average
// of the means with Efron's ties); strata by label, then times ascending. The columns sum to 0.
struct SchoenfeldResiduals {
  std::vector<double> time;      // [E]
  std::vector<int64_t> patient;  // [E]
  std::vector<double> residual;  // [E, P] row-major
};

// data must be what fit came from: throws an Error for another number of patients or columns.
SchoenfeldResiduals schoenfeld_residuals(const CoxData& data, const CoxFit& fit);

// g(t): t itself, log t, the rank of t among all times (ties averaged), or 1 - S(t-) with the
// Kaplan-Meier curve of all patients.
enum class TimeTransform { identity, log, rank, kaplan_meier };

struct ProportionalHazardsTest {
  std::vector<ChiSquareTest> columns;  // [P], 1 degree of freedom each
  ChiSquareTest global;                // P degrees of freedom
};

// Score test of coefficients b + c g(t) against c = 0 (Grambsch and Therneau 1994 in the exact form
// of R's cox.zph since survival 3.0, not the older correlation of scaled residuals). Throws an
// Error as above, for the logarithm of times that are not positive, and where the test is undefined
// (all events at one time).
ProportionalHazardsTest proportional_hazards_test(
    const CoxData& data, const CoxFit& fit, TimeTransform transform = TimeTransform::kaplan_meier);

}  // namespace tractrix::survival
