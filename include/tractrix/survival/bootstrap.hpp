// Bootstrap over patients for any statistic (Efron 1979; DiCiccio and Efron 1996).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tractrix/core/seed.hpp"
#include "tractrix/survival/interval.hpp"

namespace tractrix::survival {

// A statistic of the patients at these positions (0 .. N - 1), of which some may occur several
// times. It throws an Error where it is undefined.
using Statistic = std::function<double(std::span<const int64_t> patients)>;

struct Bootstrap {
  double estimate = 0;             // every patient once
  std::vector<double> replicates;  // of the resamples on which the statistic is defined
  int64_t undefined = 0;           // resamples on which it is not: report their number
  double bias = 0;                 // mean of the replicates - estimate
  double standard_error = 0;       // of the replicates, divisor B - 1
};

// N positions drawn with repetition; each resample has a stream of its own, so that it depends on
// seed and number alone.
std::vector<int64_t> resample(int64_t patients, const Seed& seed, int64_t number);

// The statistic on resamples 0 .. replicates - 1. An Error of the statistic on a resample counts as
// undefined (few events can leave no comparable pair), on all patients it is passed on. Throws an
// Error for no patient and fewer than 2 defined replicates, and for a statistic that is not finite.
Bootstrap bootstrap(int64_t patients, const Statistic& statistic, int64_t replicates,
                    const Seed& seed);

// The same on given resamples: [B, N] row-major positions. Errors as above, and for a length that
// is no multiple of N or a position outside.
Bootstrap bootstrap_on(int64_t patients, const Statistic& statistic,
                       std::span<const int64_t> resamples);

// Quantiles (1 -+ level) / 2 of the replicates, by numpy's linear rule.
Interval percentile_interval(const Bootstrap& result, double level = 0.95);

// 2 estimate - the percentile limits, exchanged.
Interval basic_interval(const Bootstrap& result, double level = 0.95);

// The statistic without patient i, i = 0 .. N - 1. Errors of the statistic are passed on.
std::vector<double> jackknife(int64_t patients, const Statistic& statistic);

// Bias corrected and accelerated (Efron 1987): quantiles Phi(z0 + (z0 +- z) / (1 - a (z0 +- z))) of
// the replicates, z0 = Phi^-1 of the share below the estimate (equal ones count half), a = sum d^3
// / (6 (sum d^2)^1.5), d = mean - value of the jackknife. Throws an Error where all replicates lie
// on one side of the estimate and where the jackknife values are all equal.
Interval bca_interval(const Bootstrap& result, std::span<const double> jackknife_values,
                      double level = 0.95);

}  // namespace tractrix::survival
