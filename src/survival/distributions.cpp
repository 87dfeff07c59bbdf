#include "distributions.hpp"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "tractrix/core/error.hpp"

namespace tractrix::survival {

void check_level(const std::string& where, double level) {
  if (level > 0 && level < 1) return;
  throw Error(where, "a confidence level must lie between 0 and 1, not " + std::to_string(level));
}

double normal_quantile(const std::string& where, double level) {
  check_level(where, level);
  return boost::math::quantile(boost::math::normal(), 0.5 + level / 2);
}

Interval normal_interval(double estimate, double standard_error, double level) {
  const double half = normal_quantile("normal interval", level) * standard_error;
  return {estimate - half, estimate + half};
}

double normal_cdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

double two_sided_p(double z) { return std::erfc(std::abs(z) / std::sqrt(2.0)); }

ChiSquareTest chi_square_test(double chi_square, int64_t degrees) {
  const boost::math::chi_squared distribution(static_cast<double>(degrees));
  return {chi_square, degrees, boost::math::cdf(boost::math::complement(distribution, chi_square))};
}

double quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto lower = static_cast<size_t>(std::floor(position));
  const size_t upper = std::min(lower + 1, sorted.size() - 1);
  const double a = sorted[lower];
  const double b = sorted[upper];
  const double g = position - static_cast<double>(lower);
  return g < 0.5 ? a + (b - a) * g : b - (b - a) * (1 - g);
}

}  // namespace tractrix::survival
