#include "tractrix/survival/permutation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "permutation test";

void check(int64_t patients, const PermutationOptions& options) {
  if (patients < 1) throw Error(kWhere, "undefined without patients");
  if (options.permutations < 1) throw Error(kWhere, "at least 1 permutation is needed");
}

double finite(double value) {
  if (std::isfinite(value)) return value;
  throw Error(kWhere, "the statistic is " + shortest(value) + "; a finite number was expected");
}

// Counts the permutations that are as extreme as what was observed.
class Tally {
 public:
  explicit Tally(double observed)
      : observed_(finite(observed)), slack_(1e-12 * std::max(1.0, std::abs(observed))) {}

  void add(double value) {
    finite(value);
    above_ += value >= observed_ - slack_;
    below_ += value <= observed_ + slack_;
    ++all_;
  }

  PermutationTest result(Alternative alternative, bool exact) const {
    // Among random permutations the observed one counts as one more.
    const double extra = exact ? 0 : 1;
    const double all = static_cast<double>(all_) + extra;
    const double greater = (static_cast<double>(above_) + extra) / all;
    const double less = (static_cast<double>(below_) + extra) / all;
    PermutationTest test{observed_, std::min(1.0, 2 * std::min(greater, less)), all_, exact};
    if (alternative == Alternative::greater) test.p = greater;
    if (alternative == Alternative::less) test.p = less;
    return test;
  }

 private:
  double observed_, slack_;
  int64_t above_ = 0;
  int64_t below_ = 0;
  int64_t all_ = 0;
};

// Whether N! <= most.
bool factorial_within(int64_t n, int64_t most) {
  int64_t product = 1;
  for (int64_t k = 2; k <= n; ++k) {
    if (product > most / k) return false;
    product *= k;
  }
  return product <= most;
}

}  // namespace

PermutationTest paired_permutation_test(
    int64_t patients, const std::function<double(std::span<const uint8_t> swap)>& statistic,
    const PermutationOptions& options, const Seed& seed) {
  check(patients, options);
  std::vector<uint8_t> swap(static_cast<size_t>(patients), 0);
  Tally tally(statistic(swap));
  const bool exact = patients < 62 && (int64_t{1} << patients) <= options.permutations;
  const int64_t count = exact ? int64_t{1} << patients : options.permutations;
  for (int64_t k = 0; k < count; ++k) {
    const Seed own = seed.at("swap", static_cast<uint64_t>(k));
    for (size_t i = 0; i < swap.size(); ++i) {
      swap[i] = exact ? (k >> i) & 1 : (own.uniform(i) < 0.5 ? 1 : 0);
    }
    tally.add(statistic(swap));
  }
  return tally.result(options.alternative, exact);
}

PermutationTest permutation_test(
    int64_t patients, const std::function<double(std::span<const int64_t> order)>& statistic,
    const PermutationOptions& options, const Seed& seed) {
  check(patients, options);
  std::vector<int64_t> order(static_cast<size_t>(patients));
  std::iota(order.begin(), order.end(), int64_t{0});
  Tally tally(statistic(order));
  const bool exact = factorial_within(patients, options.permutations);
  if (exact) {
    do {
      tally.add(statistic(order));
    } while (std::next_permutation(order.begin(), order.end()));
    return tally.result(options.alternative, true);
  }
  for (int64_t k = 0; k < options.permutations; ++k) {
    const Seed own = seed.at("order", static_cast<uint64_t>(k));
    std::iota(order.begin(), order.end(), int64_t{0});
    for (size_t i = order.size() - 1; i > 0; --i) {
      std::swap(order[i], order[static_cast<size_t>(own.uniform(i) * static_cast<double>(i + 1))]);
    }
    tally.add(statistic(order));
  }
  return tally.result(options.alternative, false);
}

}  // namespace tractrix::survival
