#include "tractrix/survival/proportional_hazards.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "cholesky.hpp"
#include "cox_sums.hpp"
#include "distributions.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/survival/kaplan_meier.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "proportional hazards test";

// g at the distinct times of the curve.
std::vector<double> transformed(const KaplanMeier& curve, TimeTransform transform) {
  std::vector<double> g;
  double before = 0;  // patients with smaller times
  for (size_t k = 0; k < curve.time.size(); ++k) {
    const auto here = static_cast<double>(curve.events[k] + curve.censored[k]);
    switch (transform) {
      case TimeTransform::identity:
        g.push_back(curve.time[k]);
        break;
      case TimeTransform::log:
        if (!(curve.time[k] > 0)) {
          throw Error(kWhere, "the time " + shortest(curve.time[k]) + " has no logarithm",
                      "choose another transform");
        }
        g.push_back(std::log(curve.time[k]));
        break;
      case TimeTransform::rank:
        g.push_back(before + (here + 1) / 2);
        break;
      case TimeTransform::kaplan_meier:
        g.push_back(k == 0 ? 0.0 : 1 - curve.survival[k - 1]);
        break;
    }
    before += here;
  }
  // The test does not depend on an offset; around its mean over the events g is well conditioned.
  double mean = 0;
  double events = 0;
  for (size_t k = 0; k < g.size(); ++k) events += static_cast<double>(curve.events[k]);
  for (size_t k = 0; k < g.size(); ++k)
    mean += static_cast<double>(curve.events[k]) * g[k] / events;
  for (double& value : g) value -= mean;
  return g;
}

// Score and information of (b, c) at (estimate, 0): the information is [[v, gv], [gv, ggv]].
struct Extended {
  explicit Extended(size_t p) : score(p, 0.0), v(p * p, 0.0), gv(p * p, 0.0), ggv(p * p, 0.0) {}
  std::vector<double> score, v, gv, ggv;
};

// The test of these of the p added coefficients, next to all p estimated ones.
ChiSquareTest test_of(const Extended& sums, size_t p, const std::vector<size_t>& added) {
  const size_t size = p + added.size();
  std::vector<double> matrix(size * size);
  std::vector<double> score(size, 0.0);  // the estimated ones have the score 0
  for (size_t k = 0; k < p; ++k) {
    for (size_t l = 0; l < p; ++l) matrix[k * size + l] = sums.v[k * p + l];
  }
  for (size_t k = 0; k < added.size(); ++k) {
    score[p + k] = sums.score[added[k]];
    for (size_t l = 0; l < p; ++l) matrix[(p + k) * size + l] = sums.gv[added[k] * p + l];
    for (size_t l = 0; l < added.size(); ++l) {
      matrix[(p + k) * size + p + l] = sums.ggv[added[k] * p + added[l]];
    }
  }
  const Cholesky factor(matrix, size, 1e-12);
  if (factor.dependent()) {
    throw Error(kWhere, "undefined: the information is singular",
                "too few distinct event times for the number of columns");
  }
  return chi_square_test(factor.quadratic(score), static_cast<int64_t>(added.size()));
}

}  // namespace

SchoenfeldResiduals schoenfeld_residuals(const CoxData& data, const CoxFit& fit) {
  const std::vector<double> x = centred(data, fit);
  const size_t p = fit.coefficient.size();
  SchoenfeldResiduals result;
  std::vector<std::pair<int64_t, double>> key;  // stratum, time
  std::vector<double> residual;
  std::vector<int64_t> patient;
  RiskSets(data.time, data.event, data.strata)
      .visit(x, fit.coefficient, fit.ties, [&](const EventTime& at) {
        for (size_t i : at.deaths) {
          key.emplace_back(at.stratum, at.time);
          patient.push_back(static_cast<int64_t>(i));
          for (size_t k = 0; k < p; ++k) residual.push_back(x[i * p + k] - at.mean[k]);
        }
      });
  std::vector<size_t> order(key.size());
  for (size_t e = 0; e < order.size(); ++e) order[e] = e;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key[a] < key[b]; });
  for (size_t e : order) {
    result.time.push_back(key[e].second);
    result.patient.push_back(patient[e]);
    for (size_t k = 0; k < p; ++k) result.residual.push_back(residual[e * p + k]);
  }
  return result;
}

ProportionalHazardsTest proportional_hazards_test(const CoxData& data, const CoxFit& fit,
                                                  TimeTransform transform) {
  const std::vector<double> x = centred(data, fit);
  const size_t p = fit.coefficient.size();
  const KaplanMeier curve = kaplan_meier(data.time, data.event);
  const std::vector<double> g = transformed(curve, transform);
  Extended sums(p);
  RiskSets(data.time, data.event, data.strata)
      .visit(x, fit.coefficient, fit.ties, [&](const EventTime& at) {
        const auto found = std::lower_bound(curve.time.begin(), curve.time.end(), at.time);
        const double own = g[static_cast<size_t>(found - curve.time.begin())];
        for (size_t k = 0; k < p; ++k) sums.score[k] += own * at.score[k];
        for (size_t k = 0; k < p * p; ++k) {
          sums.v[k] += at.information[k];
          sums.gv[k] += own * at.information[k];
          sums.ggv[k] += own * own * at.information[k];
        }
      });
  ProportionalHazardsTest result;
  std::vector<size_t> all;
  for (size_t k = 0; k < p; ++k) {
    result.columns.push_back(test_of(sums, p, {k}));
    all.push_back(k);
  }
  result.global = test_of(sums, p, all);
  return result;
}

}  // namespace tractrix::survival
