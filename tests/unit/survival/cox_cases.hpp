// Data, and the partial likelihood from its definition, for the tests of Cox regression.
#pragma once

#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/core/seed.hpp"
#include "tractrix/survival/cox_regression.hpp"

namespace tractrix::survival::cox_cases {

struct Cohort {
  std::vector<double> time;
  std::vector<uint8_t> event;
  std::vector<double> x;  // [N, P]
  std::vector<std::string> columns;
  std::vector<int64_t> strata = {};

  CoxData data() const { return {time, event, x, columns, strata}; }
};

// Tied times, an age-like column far from 0, a binary one and a noisy one.
inline Cohort random_cohort(uint64_t seed, size_t n, int64_t strata = 0) {
  const Seed all(seed);
  Cohort c;
  c.columns = {"age", "sex", "score"};
  for (size_t i = 0; i < n; ++i) {
    const double age = 60 + 12 * (all.at("age").uniform(i) - 0.5);
    const double sex = all.at("sex").uniform(i) < 0.4 ? 1 : 0;
    const double score = all.at("score").uniform(i) - 0.5;
    const double hazard = std::exp(0.05 * (age - 60) - 0.4 * sex + 0.7 * score);
    c.time.push_back(1 + std::floor(-8 * std::log1p(-all.at("time").uniform(i)) / hazard));
    c.event.push_back(all.at("event").uniform(i) < 0.65 ? 1 : 0);
    for (double value : {age, sex, score}) c.x.push_back(value);
    if (strata > 0) c.strata.push_back(static_cast<int64_t>(i) % strata);
  }
  return c;
}

using TimeFunction = std::function<double(double)>;

// Partial log likelihood with coefficients b + c g(t), event time by event time.
inline double likelihood(const CoxData& d, const std::vector<double>& b,
                         const std::vector<double>& c, const TimeFunction& g, Ties ties) {
  const auto stratum = [&](size_t i) { return d.strata.empty() ? 0 : d.strata[i]; };
  std::set<std::pair<int64_t, double>> times;
  for (size_t i = 0; i < d.time.size(); ++i) {
    if (d.event[i] != 0) times.insert({stratum(i), d.time[i]});
  }
  double sum = 0;
  for (const auto& [label, t] : times) {
    double risk = 0;
    double tied = 0;
    double deaths = 0;
    for (size_t i = 0; i < d.time.size(); ++i) {
      if (stratum(i) != label || d.time[i] < t) continue;
      double predictor = 0;
      for (size_t k = 0; k < b.size(); ++k) {
        predictor += (b[k] + c[k] * g(t)) * d.covariates[i * b.size() + k];
      }
      risk += std::exp(predictor);
      if (d.time[i] != t || d.event[i] == 0) continue;
      tied += std::exp(predictor);
      sum += predictor;
      deaths += 1;
    }
    for (double l = 0; l < deaths; ++l) {
      sum -= std::log(risk - (ties == Ties::efron ? l / deaths * tied : 0.0));
    }
  }
  return sum;
}

inline double likelihood(const CoxData& d, const std::vector<double>& b, Ties ties) {
  return likelihood(
      d, b, std::vector<double>(b.size(), 0.0), [](double) { return 0.0; }, ties);
}

// Central difference of f at v by v[i] and v[j] with these steps.
inline double second_difference(const std::function<double(const std::vector<double>&)>& f,
                                const std::vector<double>& v, const std::vector<double>& step,
                                size_t i, size_t j) {
  double sum = 0;
  for (double a : {1.0, -1.0}) {
    for (double b : {1.0, -1.0}) {
      std::vector<double> at = v;
      at[i] += a * step[i];
      at[j] += b * step[j];
      sum += a * b * f(at);
    }
  }
  return sum / (4 * step[i] * step[j]);
}

}  // namespace tractrix::survival::cox_cases
