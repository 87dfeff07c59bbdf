#include "tractrix/survival/adjust.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

// Positions by ascending p.
std::vector<size_t> ascending(std::span<const double> p) {
  const std::string where = "adjusted p values";
  if (p.empty()) throw Error(where, "no p value was given");
  for (double value : p) {
    if (value >= 0 && value <= 1) continue;
    throw Error(where, "a p value is " + std::to_string(value) + ", not within [0, 1]",
                "leave out the tests that are undefined");
  }
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  return order;
}

}  // namespace

std::vector<double> holm(std::span<const double> p) {
  const std::vector<size_t> order = ascending(p);
  std::vector<double> result(p.size());
  double largest = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    largest = std::max(largest, static_cast<double>(order.size() - k) * p[order[k]]);
    result[order[k]] = std::min(1.0, largest);
  }
  return result;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  const std::vector<size_t> order = ascending(p);
  std::vector<double> result(p.size());
  const auto m = static_cast<double>(order.size());
  double smallest = 1;
  for (size_t k = order.size(); k > 0; --k) {
    smallest = std::min(smallest, m / static_cast<double>(k) * p[order[k - 1]]);
    result[order[k - 1]] = smallest;
  }
  return result;
}

}  // namespace tractrix::survival
