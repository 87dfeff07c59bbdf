// The log-rank test for two or more groups (Mantel 1966; Peto and Peto 1972), optionally
// stratified.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tractrix::survival {

struct LogRank {
  double chi_square = 0;
  int64_t degrees = 0;           // groups - 1
  double p = 1;                  // upper tail of chi-square; underflows to 0 above about 1,480
  std::vector<int64_t> groups;   // labels, ascending; the entries below follow this order
  std::vector<int64_t> counts;   // patients
  std::vector<double> observed;  // events
  std::vector<double> expected;  // events under the hypothesis of equal hazards
  std::vector<double> variance;  // [groups, groups], row-major: covariance of observed - expected
};

// time, event (0 or 1), group (any labels), strata (any labels; empty: one stratum): [N].
// Hypergeometric variance; a patient censored at t is at risk at t; no continuity correction.
// Observed, expected and variance are summed over strata. Throws an Error that says "undefined" for
// one group, no event and a variance of 0 (lifelines gives p = 1, R NaN).
LogRank log_rank(std::span<const double> time, std::span<const uint8_t> event,
                 std::span<const int64_t> group, std::span<const int64_t> strata = {});

// The test of one pair of groups.
struct PairwiseLogRank {
  int64_t first = 0;  // labels, first < second
  int64_t second = 0;
  double chi_square = 0;
  double p = 1;
  double holm = 1;                // p adjusted for all pairs
  double benjamini_hochberg = 1;  // likewise
};

// log_rank() for each pair of groups on the patients of the two, in the order (0, 1), (0, 2), ...,
// (1, 2), ... of ascending labels, with adjusted p values. Arguments and errors of log_rank(); one
// undefined pair is an Error that names it, since the adjustment is over all.
std::vector<PairwiseLogRank> pairwise_log_rank(std::span<const double> time,
                                               std::span<const uint8_t> event,
                                               std::span<const int64_t> group,
                                               std::span<const int64_t> strata = {});

}  // namespace tractrix::survival
