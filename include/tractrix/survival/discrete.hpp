// Survival from hazards of discrete time bins, as the networks of this field predict them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tractrix::survival {

// S_k = product over j <= k of (1 - h_j): P(time beyond bin k). hazards: [N, K] row-major, within
// [0, 1]; result: [N, K]. Throws an Error for a length that is no multiple of bins, bins < 1 and
// values outside [0, 1].
std::vector<double> discrete_survival(std::span<const double> hazards, int64_t bins);

// Minus the sum over the bins of S_k (MCAT, b9cca63, utils/core_utils.py): larger is worse.
// survival: [N, K] of discrete_survival(); result: [N]. Errors likewise.
std::vector<double> discrete_risk(std::span<const double> survival, int64_t bins);

// One patient's curve over time: 1 up to edges[0], S_k at edges[k + 1], straight lines between
// (events spread evenly within a bin; the constant density interpolation of Kvamme and Borgan
// 2021).
class DiscreteCurve {
 public:
  // edges: [K + 1] of time_edges(); survival: [K], which must not rise. Throws an Error for other
  // lengths, edges that do not ascend and values outside [0, 1].
  DiscreteCurve(std::span<const double> edges, std::span<const double> survival);

  // P(time > t). Throws an Error beyond the last edge, where nothing is predicted.
  double at(double t) const;

  // The first time with S = 1 - probability (1/2: the median); none when the curve stays above.
  // Throws an Error for a probability outside (0, 1).
  std::optional<double> quantile(double probability = 0.5) const;

  // Area under the curve from 0 to tau: expected time within tau. Errors of at(), and for tau <= 0.
  double restricted_mean(double tau) const;

 private:
  std::vector<double> edges_;
  std::vector<double> survival_;  // [K + 1], at the edges
};

}  // namespace tractrix::survival
