#include "tractrix/survival/logrank.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <string>

#include "check.hpp"
#include "cholesky.hpp"
#include "distributions.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/survival/adjust.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "log-rank test";

void check(std::span<const double> time, std::span<const uint8_t> event,
           std::span<const int64_t> group, std::span<const int64_t> strata) {
  check_survival(kWhere, time, event, 2);
  if (group.size() != time.size() || (!strata.empty() && strata.size() != time.size())) {
    throw Error(kWhere, std::to_string(group.size()) + " groups and " +
                            std::to_string(strata.size()) + " strata were given for " +
                            std::to_string(time.size()) + " patients");
  }
  if (std::find(event.begin(), event.end(), 1) == event.end()) {
    throw Error(kWhere, "undefined: all patients are censored");
  }
}

std::vector<int64_t> distinct(std::span<const int64_t> labels) {
  std::vector<int64_t> all(labels.begin(), labels.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// Adds one event time: deaths and at_risk per group.
void add_time(LogRank& test, const std::vector<double>& deaths,
              const std::vector<double>& at_risk) {
  const size_t k = deaths.size();
  const double d = std::accumulate(deaths.begin(), deaths.end(), 0.0);
  const double n = std::accumulate(at_risk.begin(), at_risk.end(), 0.0);
  if (d == 0) return;
  const double factor = n > 1 ? d * (n - d) / (n - 1) : 0.0;
  for (size_t i = 0; i < k; ++i) {
    const double share = at_risk[i] / n;
    test.observed[i] += deaths[i];
    test.expected[i] += d * share;
    for (size_t j = 0; j < k; ++j) {
      test.variance[i * k + j] += factor * share * ((i == j ? 1.0 : 0.0) - at_risk[j] / n);
    }
  }
}

// Adds one stratum; members holds its patients, index the group of every patient of the test.
void add_stratum(LogRank& test, std::vector<size_t> members, std::span<const double> time,
                 std::span<const uint8_t> event, const std::vector<size_t>& index) {
  std::sort(members.begin(), members.end(), [&](size_t a, size_t b) { return time[a] < time[b]; });
  std::vector<double> at_risk(test.groups.size(), 0.0);
  for (size_t i : members) at_risk[index[i]] += 1;
  for (size_t first = 0, last = 0; first < members.size(); first = last) {
    std::vector<double> deaths(test.groups.size(), 0.0);
    std::vector<double> leaving(test.groups.size(), 0.0);
    for (; last < members.size() && time[members[last]] == time[members[first]]; ++last) {
      deaths[index[members[last]]] += event[members[last]];
      leaving[index[members[last]]] += 1;
    }
    add_time(test, deaths, at_risk);
    for (size_t g = 0; g < at_risk.size(); ++g) at_risk[g] -= leaving[g];
  }
}

// u' V^-1 u over all groups but the last (they sum to 0); none when V is singular.
std::optional<double> quadratic_form(const LogRank& test) {
  const size_t k = test.groups.size();
  const size_t m = k - 1;
  std::vector<double> variance;
  std::vector<double> difference;
  for (size_t i = 0; i < m; ++i) {
    difference.push_back(test.observed[i] - test.expected[i]);
    for (size_t j = 0; j < m; ++j) variance.push_back(test.variance[i * k + j]);
  }
  const Cholesky factor(variance, m, 1e-12);
  if (factor.dependent()) return std::nullopt;
  return factor.quadratic(difference);
}

struct Columns {
  std::span<const double> time;
  std::span<const uint8_t> event;
  std::span<const int64_t> group, strata;
};

PairwiseLogRank test_pair(const Columns& all, int64_t first, int64_t second) {
  std::vector<double> time;
  std::vector<uint8_t> event;
  std::vector<int64_t> group, strata;
  for (size_t i = 0; i < all.time.size(); ++i) {
    if (all.group[i] != first && all.group[i] != second) continue;
    time.push_back(all.time[i]);
    event.push_back(all.event[i]);
    group.push_back(all.group[i]);
    if (!all.strata.empty()) strata.push_back(all.strata[i]);
  }
  try {
    const LogRank test = log_rank(time, event, group, strata);
    return {first, second, test.chi_square, test.p, test.p, test.p};
  } catch (const Error& e) {
    throw Error("groups " + std::to_string(first) + " and " + std::to_string(second), e.what());
  }
}

}  // namespace

LogRank log_rank(std::span<const double> time, std::span<const uint8_t> event,
                 std::span<const int64_t> group, std::span<const int64_t> strata) {
  check(time, event, group, strata);
  LogRank test;
  test.groups = distinct(group);
  const size_t k = test.groups.size();
  if (k < 2) throw Error(kWhere, "undefined: there is only one group");
  test.counts.assign(k, 0);
  test.observed.assign(k, 0.0);
  test.expected.assign(k, 0.0);
  test.variance.assign(k * k, 0.0);
  std::vector<size_t> index(time.size());
  std::map<int64_t, std::vector<size_t>> members;
  for (size_t i = 0; i < time.size(); ++i) {
    const auto at = std::lower_bound(test.groups.begin(), test.groups.end(), group[i]);
    index[i] = static_cast<size_t>(at - test.groups.begin());
    ++test.counts[index[i]];
    members[strata.empty() ? 0 : strata[i]].push_back(i);
  }
  for (const auto& [label, patients] : members) {
    add_stratum(test, patients, time, event, index);
  }
  const auto chi_square = quadratic_form(test);
  if (!chi_square) {
    throw Error(kWhere, "undefined: the variance is 0 or singular",
                "a group has nobody at risk when events of others happen");
  }
  test.chi_square = *chi_square;
  test.degrees = static_cast<int64_t>(k) - 1;
  test.p = chi_square_test(test.chi_square, test.degrees).p;
  return test;
}

std::vector<PairwiseLogRank> pairwise_log_rank(std::span<const double> time,
                                               std::span<const uint8_t> event,
                                               std::span<const int64_t> group,
                                               std::span<const int64_t> strata) {
  check(time, event, group, strata);
  const std::vector<int64_t> labels = distinct(group);
  if (labels.size() < 2) throw Error(kWhere, "undefined: there is only one group");
  std::vector<PairwiseLogRank> pairs;
  std::vector<double> p;
  for (size_t a = 0; a < labels.size(); ++a) {
    for (size_t b = a + 1; b < labels.size(); ++b) {
      pairs.push_back(test_pair({time, event, group, strata}, labels[a], labels[b]));
      p.push_back(pairs.back().p);
    }
  }
  const std::vector<double> by_holm = holm(p);
  const std::vector<double> by_rate = benjamini_hochberg(p);
  for (size_t k = 0; k < pairs.size(); ++k) {
    pairs[k].holm = by_holm[k];
    pairs[k].benjamini_hochberg = by_rate[k];
  }
  return pairs;
}

}  // namespace tractrix::survival
