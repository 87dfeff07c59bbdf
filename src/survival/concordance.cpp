#include "tractrix/survival/concordance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "check.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "concordance index";

// Fenwick tree over positions in the sorted risks: insert and prefix count in O(log N).
class Counter {
 public:
  explicit Counter(size_t n) : tree_(n + 1, 0) {}

  void insert(size_t position) {
    for (size_t i = position + 1; i < tree_.size(); i += i & (~i + 1)) ++tree_[i];
    ++total_;
  }
  // How many of the inserted lie before this position.
  int64_t before(size_t position) const {
    int64_t count = 0;
    for (size_t i = position; i > 0; i -= i & (~i + 1)) count += tree_[i];
    return count;
  }
  int64_t total() const { return total_; }

 private:
  std::vector<int64_t> tree_;
  int64_t total_ = 0;
};

std::vector<size_t> order_by(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  return order;
}

// The sorted risks and where each patient stands among them.
struct Ranks {
  explicit Ranks(std::span<const double> risk) : position(risk.size()) {
    const std::vector<size_t> order = order_by(risk);
    for (size_t i = 0; i < order.size(); ++i) {
      position[order[i]] = i;
      sorted.push_back(risk[order[i]]);
    }
  }
  std::vector<double> sorted;
  std::vector<size_t> position;
};

// Adds the pairs of one event with everyone in the counter. The window's ends are found with the
// very test that defines a tie: a float64 difference is monotonic in either operand, so the test
// splits the sorted risks cleanly.
void add_pairs(Concordance& c, const Counter& later, const Ranks& ranks, double risk,
               double tolerance) {
  const auto begin = ranks.sorted.begin();
  const auto low = std::partition_point(begin, ranks.sorted.end(),
                                        [&](double r) { return risk - r > tolerance; });
  const auto high = std::partition_point(low, ranks.sorted.end(),
                                         [&](double r) { return r - risk <= tolerance; });
  const int64_t below = later.before(static_cast<size_t>(low - begin));
  const int64_t up_to = later.before(static_cast<size_t>(high - begin));
  c.concordant += below;
  c.tied_risk += up_to - below;
  c.discordant += later.total() - up_to;
}

}  // namespace

Concordance concordance(std::span<const double> time, std::span<const uint8_t> event,
                        std::span<const double> risk, double tied_tolerance) {
  check_risks(kWhere, time, event, risk, tied_tolerance);
  check_any_event(kWhere, event);
  const Ranks ranks(risk);
  const std::vector<size_t> by_time = order_by(time);
  Counter later(time.size());
  Concordance c;
  // From the latest time backwards; the patients of one time are [first, last) in by_time.
  for (size_t last = by_time.size(), first = last; last > 0; last = first) {
    while (first > 0 && time[by_time[first - 1]] == time[by_time[last - 1]]) --first;
    const std::span<const size_t> group = std::span(by_time).subspan(first, last - first);
    int64_t censored = 0;
    for (size_t i : group) {
      if (event[i] != 0) continue;
      later.insert(ranks.position[i]);
      ++censored;
    }
    for (size_t i : group) {
      if (event[i] != 0) add_pairs(c, later, ranks, risk[i], tied_tolerance);
    }
    c.tied_time += censored * (static_cast<int64_t>(group.size()) - censored);
    for (size_t i : group) {
      if (event[i] != 0) later.insert(ranks.position[i]);
    }
  }
  c.comparable = c.concordant + c.discordant + c.tied_risk;
  if (c.comparable == 0) throw Error(kWhere, "undefined: no comparable pair of patients");
  c.index = (static_cast<double>(c.concordant) + 0.5 * static_cast<double>(c.tied_risk)) /
            static_cast<double>(c.comparable);
  return c;
}

}  // namespace tractrix::survival
