// Tests of paired values, for instance the metrics of two models on the same folds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "tractrix/survival/interval.hpp"

namespace tractrix::survival {

// wilcoxon: pairs without a difference are left out before ranking (Wilcoxon 1945); pratt: they are
// ranked, then left out (Pratt 1959).
enum class ZeroRule { wilcoxon, pratt };

// automatic: exact for at most 50 pairs without ties or zeros, normal otherwise.
enum class WilcoxonMethod { automatic, exact, normal };

struct WilcoxonOptions {
  Alternative alternative = Alternative::two_sided;  // greater: x > y
  ZeroRule zeros = ZeroRule::wilcoxon;
  WilcoxonMethod method = WilcoxonMethod::automatic;
  bool continuity = true;  // 1/2 towards the mean in the normal form, as R
};

struct WilcoxonTest {
  double plus = 0;    // sum of the ranks of positive differences x - y (R's V)
  double minus = 0;   // of negative ones (scipy's two-sided statistic is the smaller of both)
  int64_t pairs = 0;  // with a difference
  int64_t zeros = 0;  // without
  bool exact = false;
  std::optional<double> z;  // of the normal form
  double p = 1;
};

// Wilcoxon's signed-rank test. Ties of |x - y| (equal in float64) have their mean rank. Exact: over
// all 2^n signs of the very ranks, ties included; two_sided twice the smaller side, at most 1.
// Normal: variance sum of squared ranks / 4, which is the usual tie correction. Five folds cannot
// give a two-sided p below 1/16. O(n^3) when exact. Throws an Error for unequal lengths, no pair,
// values that are not finite, and all differences 0.
WilcoxonTest wilcoxon(std::span<const double> x, std::span<const double> y,
                      const WilcoxonOptions& options = {});

struct PairedT {
  double mean = 0;  // of x - y
  double standard_error = 0;
  double t = 0;
  int64_t degrees = 0;  // N - 1
  double p = 1;
  Interval interval;  // of the mean, two-sided
};

// Student's t test of paired values. Throws an Error for unequal lengths, fewer than 2 pairs,
// values that are not finite, and differences that are all the same up to rounding.
PairedT paired_t(std::span<const double> x, std::span<const double> y,
                 Alternative alternative = Alternative::two_sided, double level = 0.95);

}  // namespace tractrix::survival
