// Cox's proportional hazards regression (Cox 1972) with ties by Breslow 1974 or Efron 1977,
// optionally stratified.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tractrix/survival/interval.hpp"

namespace tractrix::survival {

enum class Ties { breslow, efron };

struct CoxData {
  std::span<const double> time;          // [N]
  std::span<const uint8_t> event;        // [N], 0 or 1
  std::span<const double> covariates;    // [N, P] row-major
  std::span<const std::string> columns;  // [P] names, for messages
  std::span<const int64_t> strata = {};  // [N] any labels, or empty: one stratum
};

struct CoxOptions {
  Ties ties = Ties::efron;
  double level = 0.95;      // of the intervals
  int64_t most_steps = 50;  // of Newton's method
};

struct CoxFit {
  Ties ties = Ties::efron;
  std::vector<double> coefficient, standard_error, z, p;  // [P]; p two-sided, normal (Wald)
  std::vector<double> hazard_ratio;                       // [P]: exp(coefficient)
  std::vector<Interval> interval;                         // [P], of the hazard ratio
  std::vector<double> covariance;                         // [P, P]: inverse observed information
  std::vector<double> mean;                               // [P]: of the columns
  double log_likelihood_null = 0;                         // partial, at coefficients 0
  double log_likelihood = 0;
  ChiSquareTest likelihood_ratio, wald, score;  // of all coefficients = 0, P degrees of freedom
  int64_t patients = 0;
  int64_t events = 0;
  int64_t steps = 0;
  std::vector<std::string> warnings;  // more columns than events
};

// Maximises the partial likelihood by Newton's method with step halving, on columns scaled to
// standard deviation 1, to about 1e-12 relative. Risk sets hold the patients with time >= t,
// censored ones included, within each stratum; sums are shifted by the largest linear predictor, so
// that none overflows. Breslow: every one of m tied events has the whole risk set. Efron: the l-th
// (l = 0 ...) has it less l/m of the tied ones. O(steps N P^2).
//
// Throws an Error (all that is wrong with the input in one) for unequal lengths, values that are
// not finite, no column, no event, and a constant column; for a column that is a linear combination
// of others or does not vary within the risk sets (by name); when the likelihood is monotone, that
// is when at every event a column (or combination) has its largest value among those at risk, so
// that its coefficient would be infinite (by name); and when Newton's method does not converge.
CoxFit cox_regression(const CoxData& data, const CoxOptions& options = {});

// Linear predictors sum_k b_k (x_k - mean_k) of rows [M, P]: [M], 0 for the mean patient. Throws an
// Error for another number of columns and values that are not finite.
std::vector<double> cox_predictor(const CoxFit& fit, std::span<const double> covariates);

}  // namespace tractrix::survival
