// What the tests and intervals of this room have in common.
#pragma once

#include <cstdint>

namespace tractrix::survival {

struct Interval {
  double lower = 0;
  double upper = 0;
};

// estimate -+ z standard_error, z the normal quantile of the level. Throws an Error for a level
// outside (0, 1).
Interval normal_interval(double estimate, double standard_error, double level = 0.95);

// greater: the first is larger than the second, or the statistic larger than chance.
enum class Alternative { two_sided, greater, less };

struct ChiSquareTest {
  double chi_square = 0;
  int64_t degrees = 0;
  double p = 1;  // upper tail; underflows to 0 above about 1,480
};

}  // namespace tractrix::survival
