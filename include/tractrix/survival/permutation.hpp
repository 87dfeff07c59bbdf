// Permutation tests for any statistic.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "tractrix/core/seed.hpp"
#include "tractrix/survival/interval.hpp"

namespace tractrix::survival {

struct PermutationOptions {
  Alternative alternative = Alternative::two_sided;
  int64_t permutations = 9999;  // at most
};

struct PermutationTest {
  double statistic = 0;  // as observed
  double p = 1;
  int64_t permutations = 0;  // that were computed
  bool exact = false;        // all there are
};

// Two models on the same patients: under the hypothesis that neither is better, their predictions
// of a patient may be exchanged. statistic: of swap [N], 1 where the two are exchanged; large when
// the first model is better. All 2^N exchanges where these are no more than the permutations asked
// for, then p is the share of them with a statistic as extreme; otherwise random ones, and p =
// (1 + as extreme) / (1 + permutations), which is never 0 (Phipson and Smyth 2010). two_sided:
// twice the smaller of both sides, at most 1. Statistics equal up to 1e-12 are as extreme. Throws
// an Error for no patient, fewer than 1 permutation and a statistic that is not finite; Errors of
// the statistic are passed on.
PermutationTest paired_permutation_test(
    int64_t patients, const std::function<double(std::span<const uint8_t> swap)>& statistic,
    const PermutationOptions& options, const Seed& seed);

// Whether predictions have to do with outcomes at all: the same over orders [N], positions of the
// patients whose prediction goes to patient 0, 1, ...; all N! where these are no more than asked
// for.
PermutationTest permutation_test(
    int64_t patients, const std::function<double(std::span<const int64_t> order)>& statistic,
    const PermutationOptions& options, const Seed& seed);

}  // namespace tractrix::survival
