#include "tractrix/survival/kaplan_meier.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "check.hpp"
#include "distributions.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "Kaplan-Meier";

// Appends one time: n patients at risk, d leave by what the curve counts, c by the other way.
void append(KaplanMeier& curve, double time, int64_t n, int64_t d, int64_t c) {
  const double before = curve.survival.empty() ? 1.0 : curve.survival.back();
  const double variance = curve.greenwood.empty() ? 0.0 : curve.greenwood.back();
  const auto risk = static_cast<double>(n);
  const auto left = static_cast<double>(n - d);
  curve.time.push_back(time);
  curve.at_risk.push_back(n);
  curve.events.push_back(d);
  curve.censored.push_back(c);
  curve.survival.push_back(d > 0 ? before * (left / risk) : before);
  curve.greenwood.push_back(d > 0 && d < n ? variance + static_cast<double>(d) / (risk * left)
                                           : variance);
}

KaplanMeier estimate(std::span<const double> time, std::span<const uint8_t> event, bool reverse) {
  check_survival(kWhere, time, event, 1);
  std::vector<size_t> order(time.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return time[a] < time[b]; });
  KaplanMeier curve;
  for (size_t first = 0, last = 0; first < order.size(); first = last) {
    int64_t events = 0;
    for (; last < order.size() && time[order[last]] == time[order[first]]; ++last) {
      events += event[order[last]];
    }
    const auto at_risk = static_cast<int64_t>(order.size() - first);
    const auto censored = static_cast<int64_t>(last - first) - events;
    if (reverse) {
      append(curve, time[order[first]], at_risk - events, censored, events);
    } else {
      append(curve, time[order[first]], at_risk, events, censored);
    }
  }
  return curve;
}

Interval interval(double s, double z_se, Band band) {
  switch (band) {
    case Band::plain:
      return {s - s * z_se, s + s * z_se};
    case Band::log:
      return {s * std::exp(-z_se), s * std::exp(z_se)};
    case Band::log_log:
      break;
  }
  const double theta = z_se / std::log(s);  // negative
  return {std::pow(s, std::exp(-theta)), std::pow(s, std::exp(theta))};
}

}  // namespace

double KaplanMeier::survival_at(double t) const {
  const auto after = std::upper_bound(time.begin(), time.end(), t);
  return after == time.begin() ? 1.0 : survival[static_cast<size_t>(after - time.begin()) - 1];
}

KaplanMeier kaplan_meier(std::span<const double> time, std::span<const uint8_t> event) {
  return estimate(time, event, false);
}

KaplanMeier reverse_kaplan_meier(std::span<const double> time, std::span<const uint8_t> event) {
  return estimate(time, event, true);
}

Limits confidence_band(const KaplanMeier& curve, Band band, double level) {
  const double z = normal_quantile(kWhere, level);
  Limits limits;
  for (size_t k = 0; k < curve.time.size(); ++k) {
    const double s = curve.survival[k];
    Interval one{s, s};
    if (s > 0 && s < 1) one = interval(s, z * std::sqrt(curve.greenwood[k]), band);
    limits.lower.push_back(std::clamp(one.lower, 0.0, 1.0));
    limits.upper.push_back(std::clamp(one.upper, 0.0, 1.0));
  }
  return limits;
}

std::optional<double> median_time(const KaplanMeier& curve) {
  constexpr double kHalf = 0.5 * (1 + 1e-12);
  for (size_t k = 0; k < curve.time.size(); ++k) {
    if (curve.survival[k] <= kHalf) return curve.time[k];
  }
  return std::nullopt;
}

}  // namespace tractrix::survival
