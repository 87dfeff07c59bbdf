#include "tractrix/survival/paired.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "distributions.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

std::vector<double> differences(const std::string& where, std::span<const double> x,
                                std::span<const double> y, size_t least) {
  if (x.size() != y.size()) {
    throw Error(where, std::to_string(x.size()) + " and " + std::to_string(y.size()) +
                           " values were given; they must come in pairs");
  }
  if (x.size() < least) {
    throw Error(where, "undefined for " + std::to_string(x.size()) + " pairs; at least " +
                           std::to_string(least) + " are needed");
  }
  std::vector<double> d;
  for (size_t i = 0; i < x.size(); ++i) {
    d.push_back(x[i] - y[i]);
    if (std::isfinite(d.back())) continue;
    throw Error(where, "the difference of pair " + std::to_string(i) + " is " +
                           std::to_string(d.back()) + "; a finite number was expected");
  }
  return d;
}

// Differences that are not 0 with their ranks, and what is known of all of them.
struct Ranked {
  std::vector<double> difference, rank;
  int64_t zeros = 0;
  bool ties = false;
};

Ranked ranked(std::vector<double> d, ZeroRule rule) {
  std::sort(d.begin(), d.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  Ranked result;
  result.zeros = std::count(d.begin(), d.end(), 0.0);
  const auto offset = rule == ZeroRule::pratt ? 0 : static_cast<double>(result.zeros);
  for (size_t first = static_cast<size_t>(result.zeros), last = first; first < d.size();
       first = last) {
    while (last < d.size() && std::abs(d[last]) == std::abs(d[first])) ++last;
    result.ties = result.ties || last - first > 1;
    for (size_t i = first; i < last; ++i) {
      result.difference.push_back(d[i]);
      result.rank.push_back(static_cast<double>(first + last + 1) / 2 - offset);
    }
  }
  return result;
}

double choose(Alternative alternative, double greater, double less) {
  if (alternative == Alternative::greater) return greater;
  if (alternative == Alternative::less) return less;
  return std::min(1.0, 2 * std::min(greater, less));
}

// The distribution of twice the sum of the ranks that random signs make positive.
double exact_p(const Ranked& data, double plus, Alternative alternative) {
  std::vector<int64_t> doubled;
  for (double rank : data.rank) doubled.push_back(std::llround(2 * rank));
  const auto total = std::accumulate(doubled.begin(), doubled.end(), int64_t{0});
  std::vector<double> probability(static_cast<size_t>(total) + 1, 0.0);
  probability[0] = 1;
  for (int64_t rank : doubled) {
    for (int64_t s = total; s >= 0; --s) {
      const double without = s >= rank ? probability[static_cast<size_t>(s - rank)] : 0.0;
      double& own = probability[static_cast<size_t>(s)];
      own = (own + without) / 2;
    }
  }
  const auto observed = std::llround(2 * plus);
  const auto at = probability.begin() + observed;
  const double less = std::accumulate(probability.begin(), at + 1, 0.0);
  // From the far end, where the small terms are.
  const double greater = std::accumulate(probability.rbegin(), std::make_reverse_iterator(at), 0.0);
  return choose(alternative, std::min(1.0, greater), std::min(1.0, less));
}

void normal_form(WilcoxonTest& test, const Ranked& data, const WilcoxonOptions& options) {
  double mean = 0;
  double variance = 0;
  for (double rank : data.rank) {
    mean += rank / 2;
    variance += rank * rank / 4;
  }
  double distance = test.plus - mean;
  if (options.continuity) {
    double half = distance > 0 ? 0.5 : (distance < 0 ? -0.5 : 0.0);
    if (options.alternative == Alternative::greater) half = 0.5;
    if (options.alternative == Alternative::less) half = -0.5;
    distance -= half;
  }
  const double z = distance / std::sqrt(variance);
  test.z = z;
  test.p = options.alternative == Alternative::two_sided
               ? two_sided_p(z)
               : choose(options.alternative, normal_cdf(-z), normal_cdf(z));
}

}  // namespace

WilcoxonTest wilcoxon(std::span<const double> x, std::span<const double> y,
                      const WilcoxonOptions& options) {
  const std::string where = "Wilcoxon's signed-rank test";
  const Ranked data = ranked(differences(where, x, y, 1), options.zeros);
  if (data.rank.empty()) throw Error(where, "undefined: all differences are 0");
  WilcoxonTest test;
  test.pairs = static_cast<int64_t>(data.rank.size());
  test.zeros = data.zeros;
  for (size_t i = 0; i < data.rank.size(); ++i) {
    (data.difference[i] > 0 ? test.plus : test.minus) += data.rank[i];
  }
  const bool plain = data.zeros == 0 && !data.ties && test.pairs <= 50;
  test.exact = options.method == WilcoxonMethod::exact ||
               (options.method == WilcoxonMethod::automatic && plain);
  if (test.exact) {
    test.p = exact_p(data, test.plus, options.alternative);
  } else {
    normal_form(test, data, options);
  }
  return test;
}

PairedT paired_t(std::span<const double> x, std::span<const double> y, Alternative alternative,
                 double level) {
  const std::string where = "paired t test";
  check_level(where, level);
  const std::vector<double> d = differences(where, x, y, 2);
  const auto n = static_cast<double>(d.size());
  PairedT test;
  test.mean = std::accumulate(d.begin(), d.end(), 0.0) / n;
  double squares = 0;
  for (double value : d) squares += (value - test.mean) * (value - test.mean);
  test.standard_error = std::sqrt(squares / (n - 1) / n);
  // R's rule for "essentially constant".
  if (!(test.standard_error > 10 * std::numeric_limits<double>::epsilon() * std::abs(test.mean))) {
    throw Error(where, "undefined: all differences are the same");
  }
  test.t = test.mean / test.standard_error;
  test.degrees = static_cast<int64_t>(d.size()) - 1;
  const boost::math::students_t distribution(n - 1);
  const double less = boost::math::cdf(distribution, test.t);
  const double greater = boost::math::cdf(boost::math::complement(distribution, test.t));
  test.p = choose(alternative, greater, less);
  const double half = boost::math::quantile(distribution, 0.5 + level / 2) * test.standard_error;
  test.interval = {test.mean - half, test.mean + half};
  return test;
}

}  // namespace tractrix::survival
