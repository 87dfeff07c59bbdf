#include "tractrix/survival/bins.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "check.hpp"
#include "distributions.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "time bins";

void check_ascending(const std::vector<double>& edges) {
  for (size_t i = 1; i < edges.size(); ++i) {
    if (edges[i] > edges[i - 1]) continue;
    std::string all;
    for (double edge : edges) all += (all.empty() ? "" : ", ") + shortest(edge);
    throw Error(kWhere, "edges must be distinct and ascending, but they are " + all,
                "many events share a time: use fewer bins");
  }
}

}  // namespace

std::vector<double> quantile_edges(std::span<const double> time, std::span<const uint8_t> event,
                                   int64_t bins) {
  check_survival(kWhere, time, event, 1);
  if (bins < 1) throw Error(kWhere, "at least 1 bin is needed, not " + std::to_string(bins));
  std::vector<double> uncensored;
  for (size_t i = 0; i < time.size(); ++i) {
    if (event[i] != 0) uncensored.push_back(time[i]);
  }
  if (uncensored.empty()) throw Error(kWhere, "undefined: all patients are censored");
  std::sort(uncensored.begin(), uncensored.end());
  const double step = 1.0 / static_cast<double>(bins);
  std::vector<double> edges;
  for (int64_t i = 0; i <= bins; ++i) {
    // pandas goes through percent: linspace(0, 1) times 100, which numpy divides by 100 again.
    const double q = i == bins ? 1.0 : static_cast<double>(i) * step;
    edges.push_back(quantile(uncensored, q * 100 / 100));
  }
  check_ascending(edges);
  return edges;
}

std::vector<double> time_edges(std::span<const double> time, std::span<const uint8_t> event,
                               std::span<const double> all, int64_t bins, double epsilon) {
  std::vector<double> edges = quantile_edges(time, event, bins);
  check_finite(kWhere, "time", all);
  if (all.empty()) throw Error(kWhere, "no times were given for the outer edges");
  edges.front() = *std::min_element(all.begin(), all.end()) - epsilon;
  edges.back() = *std::max_element(all.begin(), all.end()) + epsilon;
  check_ascending(edges);
  return edges;
}

int64_t label(std::span<const double> edges, double t) {
  if (edges.size() < 2) throw Error(kWhere, "at least 2 edges are needed");
  if (std::isnan(t)) throw Error(kWhere, "a time is NaN and has no bin");
  const auto above = std::upper_bound(edges.begin(), edges.end(), t) - edges.begin();
  return std::clamp<int64_t>(above - 1, 0, static_cast<int64_t>(edges.size()) - 2);
}

std::optional<int64_t> label_inside(std::span<const double> edges, double t) {
  if (edges.size() < 2) throw Error(kWhere, "at least 2 edges are needed");
  if (!(t >= edges.front() && t < edges.back())) return std::nullopt;
  return label(edges, t);
}

}  // namespace tractrix::survival
