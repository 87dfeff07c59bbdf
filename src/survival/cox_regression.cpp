#include "tractrix/survival/cox_regression.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "check.hpp"
#include "cholesky.hpp"
#include "cox_sums.hpp"
#include "distributions.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "Cox regression";

// Columns with mean 0 and standard deviation 1, so that a step, a pivot and a direction mean the
// same for an age and a gene.
struct Scaled {
  std::vector<double> x, mean, deviation;  // [N, P], [P], [P]
};

void check_columns(const CoxData& data, Errors& errors) {
  const size_t n = data.time.size();
  const size_t p = data.columns.size();
  if (p == 0) errors.add(kWhere, "at least one column is needed");
  if (!data.strata.empty() && data.strata.size() != n) {
    errors.add(kWhere, std::to_string(data.strata.size()) + " strata were given for " +
                           std::to_string(n) + " patients");
  }
  if (data.covariates.size() != n * p) {
    errors.add(kWhere, std::to_string(data.covariates.size()) + " covariates were given for " +
                           std::to_string(n) + " patients and " + std::to_string(p) + " columns");
    return;
  }
  for (size_t k = 0; k < p; ++k) {
    bool constant = n > 0;
    for (size_t i = 0; i < n; ++i) {
      const double value = data.covariates[i * p + k];
      if (!std::isfinite(value)) {
        errors.add(kWhere, "column '" + data.columns[k] + "' of patient " + std::to_string(i) +
                               " is " + std::to_string(value) + "; a finite number was expected");
        constant = false;
        break;
      }
      constant = constant && value == data.covariates[k];
    }
    if (!constant) continue;
    errors.add(kWhere, "column '" + data.columns[k] + "' is constant", "leave it out");
  }
}

void check(const CoxData& data, const CoxOptions& options) {
  check_level(kWhere, options.level);
  check_survival(kWhere, data.time, data.event, 2);
  Errors errors;
  check_columns(data, errors);
  if (std::find(data.event.begin(), data.event.end(), 1) == data.event.end()) {
    errors.add(kWhere, "undefined: all patients are censored");
  }
  errors.raise();
}

Scaled scale(const CoxData& data) {
  const size_t n = data.time.size();
  const size_t p = data.columns.size();
  const auto count = static_cast<double>(n);
  Scaled scaled{std::vector<double>(n * p), std::vector<double>(p, 0.0),
                std::vector<double>(p, 0.0)};
  for (size_t k = 0; k < p; ++k) {
    for (size_t i = 0; i < n; ++i) scaled.mean[k] += data.covariates[i * p + k] / count;
    double squares = 0;
    for (size_t i = 0; i < n; ++i) {
      const double own = data.covariates[i * p + k] - scaled.mean[k];
      scaled.x[i * p + k] = own;
      squares += own * own;
    }
    scaled.deviation[k] = std::sqrt(squares / count);
    for (size_t i = 0; i < n; ++i) scaled.x[i * p + k] /= scaled.deviation[k];
  }
  return scaled;
}

struct Point {
  std::vector<double> coefficient;
  double log_likelihood = 0;
  std::vector<double> score, information;  // [P], [P, P]
};

Point evaluate(const RiskSets& sets, const Scaled& scaled, std::vector<double> coefficient,
               Ties ties) {
  const size_t p = coefficient.size();
  Point point{std::move(coefficient), 0, std::vector<double>(p, 0.0),
              std::vector<double>(p * p, 0.0)};
  sets.visit(scaled.x, point.coefficient, ties, [&](const EventTime& at) {
    point.log_likelihood += at.log_likelihood;
    for (size_t k = 0; k < p; ++k) point.score[k] += at.score[k];
    for (size_t k = 0; k < p * p; ++k) point.information[k] += at.information[k];
  });
  return point;
}

// The information without any coefficient says which columns the data cannot tell apart.
Cholesky factor_at_zero(const Point& null, const CoxData& data) {
  const size_t p = data.columns.size();
  const auto events = static_cast<double>(std::count(data.event.begin(), data.event.end(), 1));
  for (size_t k = 0; k < p; ++k) {
    if (null.information[k * p + k] > 1e-12 * events) continue;
    throw Error(
        kWhere,
        "column '" + data.columns[k] + "' is constant among the patients at risk at every event",
        "leave it out, or the strata that fix it");
  }
  Cholesky factor(null.information, p, 1e-10);
  if (!factor.dependent()) return factor;
  std::vector<std::string> others;
  const std::vector<double> weight = factor.combination();
  for (size_t k = 0; k < weight.size(); ++k) {
    if (std::abs(weight[k]) > 1e-6) others.push_back("'" + data.columns[k] + "'");
  }
  throw Error(kWhere,
              "column '" + data.columns[*factor.dependent()] + "' is a linear combination of " +
                  enumerate(others) + " among the patients at risk",
              "leave out one of them");
}

// The columns that a direction is made of, with their signs.
[[noreturn]] void refuse_monotone(const CoxData& data, const std::vector<double>& direction) {
  double largest = 0;
  for (double d : direction) largest = std::max(largest, std::abs(d));
  std::vector<std::string> names;
  bool up = true;
  for (size_t k = 0; k < direction.size(); ++k) {
    if (std::abs(direction[k]) < 1e-3 * largest) continue;
    names.push_back("'" + data.columns[k] + "'");
    up = direction[k] > 0;
  }
  const std::string infinite =
      names.size() == 1
          ? "the coefficient of " + names[0] + " is infinite: its "
          : "coefficients are infinite: a combination of " + enumerate(names) + " has its ";
  const std::string end = names.size() == 1 && !up ? "smallest" : "largest";
  throw Error(kWhere,
              "undefined: " + infinite + end +
                  " value among those at risk whenever an event happens (monotone likelihood)",
              "leave it out, join rare categories, or use more patients");
}

std::vector<double> along(const std::vector<double>& from, const std::vector<double>& step,
                          double factor) {
  std::vector<double> result = from;
  for (size_t k = 0; k < step.size(); ++k) result[k] += factor * step[k];
  return result;
}

// The maximum and the number of steps to it.
std::pair<Point, int64_t> maximise(const RiskSets& sets, const Scaled& scaled, const CoxData& data,
                                   const CoxOptions& options, const Point& null) {
  const std::string hint = "a coefficient may be infinite, or columns nearly dependent";
  Point point = null;
  for (int64_t step = 1; step <= options.most_steps; ++step) {
    const Cholesky factor(point.information, data.columns.size(), 1e-12);
    if (factor.dependent()) {
      throw Error(kWhere, "the information became singular in step " + std::to_string(step), hint);
    }
    const std::vector<double> direction = factor.solve(point.score);
    if (sets.monotone_along(scaled.x, direction, 1e-6)) refuse_monotone(data, direction);
    double size = 0;
    for (double d : direction) size = std::max(size, std::abs(d));
    double share = 1;
    Point next = evaluate(sets, scaled, along(point.coefficient, direction, share), options.ties);
    // Close to the maximum the likelihood differs by its rounding only.
    while (size > 1e-5 && share > 1e-6 && !(next.log_likelihood >= point.log_likelihood)) {
      share /= 2;
      next = evaluate(sets, scaled, along(point.coefficient, direction, share), options.ties);
    }
    point = std::move(next);
    if (size < 1e-8) return {std::move(point), step};
  }
  throw Error(kWhere, "no convergence in " + std::to_string(options.most_steps) + " steps", hint);
}

void fill(CoxFit& fit, const Point& best, const Scaled& scaled, double level) {
  const size_t p = best.coefficient.size();
  const double quantile = normal_quantile(kWhere, level);
  const Cholesky factor(best.information, p, 1e-12);
  if (factor.dependent()) throw Error(kWhere, "the information is singular at the maximum");
  fit.covariance = factor.inverse();
  for (size_t k = 0; k < p; ++k) {
    for (size_t l = 0; l < p; ++l) {
      fit.covariance[k * p + l] /= scaled.deviation[k] * scaled.deviation[l];
    }
    const double b = best.coefficient[k] / scaled.deviation[k];
    const double se = std::sqrt(fit.covariance[k * p + k]);
    fit.coefficient.push_back(b);
    fit.standard_error.push_back(se);
    fit.z.push_back(b / se);
    fit.p.push_back(two_sided_p(b / se));
    fit.hazard_ratio.push_back(std::exp(b));
    fit.interval.push_back({std::exp(b - quantile * se), std::exp(b + quantile * se)});
  }
  double wald = 0;
  for (size_t k = 0; k < p; ++k) {
    for (size_t l = 0; l < p; ++l) {
      wald += best.coefficient[k] * best.information[k * p + l] * best.coefficient[l];
    }
  }
  fit.wald = chi_square_test(wald, static_cast<int64_t>(p));
}

}  // namespace

CoxFit cox_regression(const CoxData& data, const CoxOptions& options) {
  check(data, options);
  const size_t p = data.columns.size();
  const Scaled scaled = scale(data);
  const RiskSets sets(data.time, data.event, data.strata);
  CoxFit fit;
  fit.ties = options.ties;
  fit.mean = scaled.mean;
  fit.patients = static_cast<int64_t>(data.time.size());
  fit.events = std::count(data.event.begin(), data.event.end(), 1);
  if (static_cast<int64_t>(p) > fit.events) {
    fit.warnings.push_back(std::to_string(p) + " columns but only " + std::to_string(fit.events) +
                           " events: the coefficients mean little");
  }
  const Point null = evaluate(sets, scaled, std::vector<double>(p, 0.0), options.ties);
  const Cholesky factor = factor_at_zero(null, data);
  const auto [best, steps] = maximise(sets, scaled, data, options, null);
  fit.steps = steps;
  fit.log_likelihood_null = null.log_likelihood;
  fit.log_likelihood = best.log_likelihood;
  const auto degrees = static_cast<int64_t>(p);
  fit.score = chi_square_test(factor.quadratic(null.score), degrees);
  const double ratio = 2 * (best.log_likelihood - null.log_likelihood);
  fit.likelihood_ratio = chi_square_test(std::max(0.0, ratio), degrees);
  fill(fit, best, scaled, options.level);
  return fit;
}

std::vector<double> cox_predictor(const CoxFit& fit, std::span<const double> covariates) {
  const size_t p = fit.coefficient.size();
  if (p == 0 || covariates.size() % p != 0) {
    throw Error(kWhere, std::to_string(covariates.size()) + " covariates do not fill rows of " +
                            std::to_string(p) + " columns");
  }
  std::vector<double> result(covariates.size() / p, 0.0);
  for (size_t i = 0; i < covariates.size(); ++i) {
    result[i / p] += fit.coefficient[i % p] * (covariates[i] - fit.mean[i % p]);
  }
  check_finite(kWhere, "the linear predictor", result);
  return result;
}

}  // namespace tractrix::survival
