#include "tractrix/survival/bootstrap.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <string>

#include "check.hpp"
#include "distributions.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "bootstrap";

double finite(double value) {
  if (std::isfinite(value)) return value;
  throw Error(kWhere, "the statistic is " + shortest(value) + "; a finite number was expected",
              "throw an Error where it is undefined");
}

std::vector<int64_t> everybody(int64_t patients) {
  if (patients < 1) throw Error(kWhere, "undefined without patients");
  std::vector<int64_t> all(static_cast<size_t>(patients));
  std::iota(all.begin(), all.end(), int64_t{0});
  return all;
}

void add(Bootstrap& result, const Statistic& statistic, std::span<const int64_t> sample) {
  double value = 0;
  try {
    value = statistic(sample);
  } catch (const Error&) {
    ++result.undefined;
    return;
  }
  result.replicates.push_back(finite(value));
}

void summarise(Bootstrap& result) {
  const auto b = static_cast<double>(result.replicates.size());
  if (result.replicates.size() < 2) {
    throw Error(kWhere, "undefined: the statistic is defined on " +
                            std::to_string(result.replicates.size()) + " resamples of " +
                            std::to_string(result.undefined + static_cast<int64_t>(b)));
  }
  const double mean = std::accumulate(result.replicates.begin(), result.replicates.end(), 0.0) / b;
  double squares = 0;
  for (double value : result.replicates) squares += (value - mean) * (value - mean);
  result.bias = mean - result.estimate;
  result.standard_error = std::sqrt(squares / (b - 1));
}

std::vector<double> sorted(const Bootstrap& result) {
  if (result.replicates.empty()) throw Error(kWhere, "there are no replicates");
  std::vector<double> values = result.replicates;
  std::sort(values.begin(), values.end());
  return values;
}

// Phi^-1 of the share of replicates below the estimate.
double bias_correction(const Bootstrap& result) {
  double below = 0;
  for (double value : result.replicates) {
    below += value < result.estimate ? 1 : (value == result.estimate ? 0.5 : 0);
  }
  const auto b = static_cast<double>(result.replicates.size());
  if (!(below > 0 && below < b)) {
    throw Error(kWhere,
                "the BCa interval is undefined: all replicates lie on one side of " +
                    shortest(result.estimate),
                "use more replicates or the percentile interval");
  }
  return boost::math::quantile(boost::math::normal(), below / b);
}

double acceleration(std::span<const double> values) {
  check_finite(kWhere, "the jackknife value", values);
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double squares = 0;
  double cubes = 0;
  for (double value : values) {
    const double d = mean - value;
    squares += d * d;
    cubes += d * d * d;
  }
  if (!(squares > 0)) {
    throw Error(kWhere, "the BCa interval is undefined: no patient changes the statistic");
  }
  return cubes / (6 * std::pow(squares, 1.5));
}

}  // namespace

std::vector<int64_t> resample(int64_t patients, const Seed& seed, int64_t number) {
  std::vector<int64_t> sample = everybody(patients);
  const Seed own = seed.at("resample", static_cast<uint64_t>(number));
  for (size_t i = 0; i < sample.size(); ++i) {
    sample[i] = static_cast<int64_t>(own.uniform(i) * static_cast<double>(patients));
  }
  return sample;
}

Bootstrap bootstrap(int64_t patients, const Statistic& statistic, int64_t replicates,
                    const Seed& seed) {
  Bootstrap result;
  result.estimate = finite(statistic(everybody(patients)));
  for (int64_t b = 0; b < replicates; ++b) add(result, statistic, resample(patients, seed, b));
  summarise(result);
  return result;
}

Bootstrap bootstrap_on(int64_t patients, const Statistic& statistic,
                       std::span<const int64_t> resamples) {
  Bootstrap result;
  result.estimate = finite(statistic(everybody(patients)));
  const auto n = static_cast<size_t>(patients);
  if (resamples.size() % n != 0) {
    throw Error(kWhere, std::to_string(resamples.size()) + " positions do not fill resamples of " +
                            std::to_string(n) + " patients");
  }
  for (int64_t i : resamples) {
    if (i >= 0 && i < patients) continue;
    throw Error(kWhere,
                "there is no patient " + std::to_string(i) + " among " + std::to_string(patients));
  }
  for (size_t from = 0; from < resamples.size(); from += n) {
    add(result, statistic, resamples.subspan(from, n));
  }
  summarise(result);
  return result;
}

Interval percentile_interval(const Bootstrap& result, double level) {
  check_level(kWhere, level);
  const std::vector<double> values = sorted(result);
  return {quantile(values, (1 - level) / 2), quantile(values, 1 - (1 - level) / 2)};
}

Interval basic_interval(const Bootstrap& result, double level) {
  const Interval percentile = percentile_interval(result, level);
  return {2 * result.estimate - percentile.upper, 2 * result.estimate - percentile.lower};
}

std::vector<double> jackknife(int64_t patients, const Statistic& statistic) {
  if (patients < 2) throw Error(kWhere, "the jackknife needs at least 2 patients");
  std::vector<double> values;
  for (int64_t left_out = 0; left_out < patients; ++left_out) {
    std::vector<int64_t> others = everybody(patients);
    others.erase(others.begin() + left_out);
    values.push_back(finite(statistic(others)));
  }
  return values;
}

Interval bca_interval(const Bootstrap& result, std::span<const double> jackknife_values,
                      double level) {
  const double z = normal_quantile(kWhere, level);
  const std::vector<double> values = sorted(result);
  const double z0 = bias_correction(result);
  const double a = acceleration(jackknife_values);
  const auto limit = [&](double own) {
    const double shifted = z0 + own;
    const double divisor = 1 - a * shifted;
    // Beyond the pole of the transformation the quantile is an end of the replicates.
    if (!(divisor > 0)) return shifted > 0 ? values.back() : values.front();
    return quantile(values, normal_cdf(z0 + shifted / divisor));
  };
  return {limit(-z), limit(z)};
}

}  // namespace tractrix::survival
