#include "tractrix/survival/cox_baseline.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "check.hpp"
#include "cox_sums.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "Cox baseline hazard";

}  // namespace

double CoxBaseline::at(double t) const {
  if (time.empty() || !(t <= time.back())) {
    throw Error(
        kWhere,
        "unknown at " + shortest(t) +
            (time.empty() ? std::string() : ": the follow-up ends at " + shortest(time.back())),
        "choose times within the follow-up of the training patients");
  }
  const auto after = std::upper_bound(time.begin(), time.end(), t) - time.begin();
  return after == 0 ? 0.0 : cumulative_hazard[static_cast<size_t>(after) - 1];
}

std::vector<CoxBaseline> cox_baseline(const CoxData& data, const CoxFit& fit) {
  const std::vector<double> x = centred(data, fit);
  // Increments by stratum and time; times without an event add 0.
  std::map<int64_t, std::map<double, double>> increments;
  for (size_t i = 0; i < data.time.size(); ++i) {
    increments[data.strata.empty() ? 0 : data.strata[i]][data.time[i]] = 0;
  }
  const RiskSets sets(data.time, data.event, data.strata);
  sets.visit(x, fit.coefficient, fit.ties,
             [&](const EventTime& at) { increments[at.stratum][at.time] = at.hazard; });
  std::vector<CoxBaseline> baselines;
  for (const auto& [stratum, steps] : increments) {
    CoxBaseline baseline;
    baseline.stratum = stratum;
    double sum = 0;
    for (const auto& [time, step] : steps) {
      sum += step;
      baseline.time.push_back(time);
      baseline.cumulative_hazard.push_back(sum);
    }
    baselines.push_back(std::move(baseline));
  }
  return baselines;
}

std::vector<double> cox_survival(const CoxBaseline& baseline, std::span<const double> predictor,
                                 std::span<const double> times) {
  check_finite(kWhere, "the linear predictor", predictor);
  std::vector<double> hazard;
  for (double t : times) hazard.push_back(baseline.at(t));
  std::vector<double> survival;
  for (double one : predictor) {
    for (double h : hazard) survival.push_back(h > 0 ? std::exp(-std::exp(one + std::log(h))) : 1);
  }
  return survival;
}

}  // namespace tractrix::survival
