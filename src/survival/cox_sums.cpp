#include "cox_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

std::vector<double> products(std::span<const double> x, std::span<const double> b) {
  std::vector<double> result(x.size() / b.size(), 0.0);
  for (size_t i = 0; i < result.size(); ++i) {
    for (size_t k = 0; k < b.size(); ++k) result[i] += x[i * b.size() + k] * b[k];
  }
  return result;
}

// Sums of w, w x and w x x' with w = exp(predictor - shift); shift is the largest predictor so far.
struct Sums {
  explicit Sums(size_t p) : first(p, 0.0), second(p * p, 0.0) {}

  void add(double predictor, const double* x) {
    if (predictor > shift) rescale(predictor);
    const double w = std::exp(predictor - shift);
    zeroth += w;
    const size_t p = first.size();
    for (size_t k = 0; k < p; ++k) {
      const double wx = w * x[k];
      first[k] += wx;
      for (size_t l = 0; l <= k; ++l) second[k * p + l] += wx * x[l];
    }
  }

  void rescale(double to) {
    const double factor = zeroth > 0 ? std::exp(shift - to) : 0.0;
    shift = to;
    zeroth *= factor;
    for (double& value : first) value *= factor;
    for (double& value : second) value *= factor;
  }

  double shift = -std::numeric_limits<double>::infinity();
  double zeroth = 0;
  std::vector<double> first;   // [P]
  std::vector<double> second;  // [P, P], lower triangle
};

// Adds one of the tied events: the risk set less a share of the tied ones.
void add_event(EventTime& at, const Sums& risk, const Sums& tied, double share, double deaths) {
  const size_t p = at.mean.size();
  const double zeroth = risk.zeroth - share * tied.zeroth;
  at.log_likelihood -= std::log(zeroth) + risk.shift;
  at.hazard += std::exp(-risk.shift) / zeroth;
  std::vector<double> mean(p);
  for (size_t k = 0; k < p; ++k) {
    mean[k] = (risk.first[k] - share * tied.first[k]) / zeroth;
    at.mean[k] += mean[k] / deaths;
    for (size_t l = 0; l <= k; ++l) {
      const double second = (risk.second[k * p + l] - share * tied.second[k * p + l]) / zeroth;
      at.information[k * p + l] += second - mean[k] * mean[l];
    }
  }
}

}  // namespace

RiskSets::RiskSets(std::span<const double> time, std::span<const uint8_t> event,
                   std::span<const int64_t> strata) {
  const auto stratum = [&](size_t i) { return strata.empty() ? 0 : strata[i]; };
  std::vector<size_t> order(time.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return stratum(a) != stratum(b) ? stratum(a) < stratum(b) : time[a] > time[b];
  });
  for (size_t i : order) {
    const bool opens = groups_.empty() || groups_.back().stratum != stratum(i);
    if (opens || groups_.back().time != time[i]) {
      groups_.push_back({time[i], stratum(i), opens, {}, {}});
    }
    (event[i] != 0 ? groups_.back().deaths : groups_.back().censored).push_back(i);
  }
}

void RiskSets::visit(std::span<const double> x, std::span<const double> coefficient, Ties ties,
                     const std::function<void(const EventTime&)>& use) const {
  const size_t p = coefficient.size();
  const std::vector<double> predictor = products(x, coefficient);
  Sums risk(p);
  EventTime at;
  for (const Group& group : groups_) {
    if (group.opens_stratum) risk = Sums(p);
    for (size_t i : group.censored) risk.add(predictor[i], &x[i * p]);
    for (size_t i : group.deaths) risk.add(predictor[i], &x[i * p]);
    if (group.deaths.empty()) continue;
    at = {group.time, group.stratum, group.deaths, 0, 0, {}, {}, {}};
    at.mean.assign(p, 0.0);
    at.score.assign(p, 0.0);
    at.information.assign(p * p, 0.0);
    Sums tied(p);
    tied.shift = risk.shift;
    for (size_t i : group.deaths) tied.add(predictor[i], &x[i * p]);
    const auto deaths = static_cast<double>(group.deaths.size());
    for (size_t l = 0; l < group.deaths.size(); ++l) {
      const double share = ties == Ties::efron ? static_cast<double>(l) / deaths : 0.0;
      add_event(at, risk, tied, share, deaths);
    }
    for (size_t i : group.deaths) {
      at.log_likelihood += predictor[i];
      for (size_t k = 0; k < p; ++k) at.score[k] += x[i * p + k] - at.mean[k];
    }
    for (size_t k = 0; k < p; ++k) {
      for (size_t l = 0; l < k; ++l) at.information[l * p + k] = at.information[k * p + l];
    }
    use(at);
  }
}

bool RiskSets::monotone_along(std::span<const double> x, std::span<const double> direction,
                              double tolerance) const {
  const std::vector<double> along = products(x, direction);
  const auto [low, high] = std::minmax_element(along.begin(), along.end());
  const double slack = tolerance * (*high - *low);
  double smallest = 0;
  double largest = 0;
  bool strict = false;
  for (const Group& group : groups_) {
    if (group.opens_stratum) {
      smallest = std::numeric_limits<double>::infinity();
      largest = -smallest;
    }
    for (const auto* patients : {&group.censored, &group.deaths}) {
      for (size_t i : *patients) {
        smallest = std::min(smallest, along[i]);
        largest = std::max(largest, along[i]);
      }
    }
    for (size_t i : group.deaths) {
      if (along[i] < largest - slack) return false;
      strict = strict || along[i] > smallest + slack;
    }
  }
  return strict;
}

std::vector<double> centred(const CoxData& data, const CoxFit& fit) {
  const size_t n = data.time.size();
  const size_t p = fit.coefficient.size();
  const bool strata = data.strata.empty() || data.strata.size() == n;
  if (static_cast<int64_t>(n) != fit.patients || data.event.size() != n || !strata || p == 0 ||
      data.covariates.size() != n * p) {
    throw Error("Cox regression",
                "the data have " + std::to_string(n) + " patients and " +
                    std::to_string(data.covariates.size()) + " covariates; the fit has " +
                    std::to_string(fit.patients) + " patients and " + std::to_string(p) +
                    " columns",
                "give the data that the fit came from");
  }
  std::vector<double> x(n * p);
  for (size_t i = 0; i < x.size(); ++i) x[i] = data.covariates[i] - fit.mean[i % p];
  return x;
}

}  // namespace tractrix::survival
