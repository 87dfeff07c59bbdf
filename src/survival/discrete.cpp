#include "tractrix/survival/discrete.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "discrete survival";

void check_probabilities(std::span<const double> values) {
  for (double value : values) {
    if (value >= 0 && value <= 1) continue;
    throw Error(kWhere, "a probability is " + shortest(value) + ", not within [0, 1]",
                "give hazards after the sigmoid, not logits");
  }
}

void check_matrix(std::span<const double> values, int64_t bins) {
  if (bins < 1 || values.size() % static_cast<size_t>(bins) != 0) {
    throw Error(kWhere, std::to_string(values.size()) + " probabilities do not fill rows of " +
                            std::to_string(bins) + " bins");
  }
  check_probabilities(values);
}

}  // namespace

std::vector<double> discrete_survival(std::span<const double> hazards, int64_t bins) {
  check_matrix(hazards, bins);
  std::vector<double> survival(hazards.size());
  double product = 1;
  for (size_t i = 0; i < hazards.size(); ++i) {
    if (i % static_cast<size_t>(bins) == 0) product = 1;
    product *= 1 - hazards[i];
    survival[i] = product;
  }
  return survival;
}

std::vector<double> discrete_risk(std::span<const double> survival, int64_t bins) {
  check_matrix(survival, bins);
  std::vector<double> risk(survival.size() / static_cast<size_t>(bins), 0.0);
  for (size_t i = 0; i < survival.size(); ++i) risk[i / static_cast<size_t>(bins)] -= survival[i];
  return risk;
}

DiscreteCurve::DiscreteCurve(std::span<const double> edges, std::span<const double> survival)
    : edges_(edges.begin(), edges.end()), survival_{1.0} {
  if (survival.empty() || edges.size() != survival.size() + 1) {
    throw Error(kWhere, std::to_string(edges.size()) + " edges and " +
                            std::to_string(survival.size()) +
                            " survival values were given; one edge more than values was expected");
  }
  check_probabilities(survival);
  survival_.insert(survival_.end(), survival.begin(), survival.end());
  for (size_t k = 1; k < edges_.size(); ++k) {
    if (!(edges_[k] > edges_[k - 1])) throw Error(kWhere, "the edges must ascend");
    if (survival_[k] > survival_[k - 1]) {
      throw Error(kWhere, "the survival rises from " + shortest(survival_[k - 1]) + " to " +
                              shortest(survival_[k]));
    }
  }
}

double DiscreteCurve::at(double t) const {
  if (!(t <= edges_.back())) {
    throw Error(kWhere,
                "unknown at " + shortest(t) + ": the last bin ends at " + shortest(edges_.back()));
  }
  if (t <= edges_.front()) return 1;
  const auto k = static_cast<size_t>(std::lower_bound(edges_.begin(), edges_.end(), t) -
                                     edges_.begin());  // edges[k - 1] < t <= edges[k]
  const double share = (t - edges_[k - 1]) / (edges_[k] - edges_[k - 1]);
  return survival_[k - 1] + share * (survival_[k] - survival_[k - 1]);
}

std::optional<double> DiscreteCurve::quantile(double probability) const {
  if (!(probability > 0 && probability < 1)) {
    throw Error(kWhere, "a probability must lie between 0 and 1, not " + shortest(probability));
  }
  const double level = 1 - probability;
  for (size_t k = 1; k < edges_.size(); ++k) {
    if (survival_[k] > level) continue;
    const double share = (survival_[k - 1] - level) / (survival_[k - 1] - survival_[k]);
    return edges_[k - 1] + share * (edges_[k] - edges_[k - 1]);
  }
  return std::nullopt;
}

double DiscreteCurve::restricted_mean(double tau) const {
  if (!(tau > 0)) throw Error(kWhere, "the limit must be a positive number, not " + shortest(tau));
  const double end = at(tau);
  double sum = 0;
  double from = 0;
  double before = 1;
  for (size_t k = 0; k < edges_.size() && edges_[k] < tau; ++k) {
    if (edges_[k] > 0) sum += (edges_[k] - from) * (before + at(edges_[k])) / 2;
    from = std::max(0.0, edges_[k]);
    before = at(from);
  }
  return sum + (tau - from) * (before + end) / 2;
}

}  // namespace tractrix::survival
