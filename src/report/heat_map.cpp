#include "tractrix/report/heat_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "tractrix/core/error.hpp"

namespace tractrix::report {
namespace {

using Colour = std::array<double, 3>;
// From dark to bright in even steps of lightness, told apart without colour too (after matplotlib's
// viridis, at five places).
constexpr Colour kScale[] = {
    {68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};

std::array<uint8_t, 3> colour_at(double part) {
  const double place = part * (std::size(kScale) - 1);
  const auto i = std::min<size_t>(static_cast<size_t>(place), std::size(kScale) - 2);
  const double after = place - static_cast<double>(i);
  std::array<uint8_t, 3> out{};
  for (size_t c = 0; c < 3; ++c)
    out[c] =
        static_cast<uint8_t>(std::lround(kScale[i][c] + after * (kScale[i + 1][c] - kScale[i][c])));
  return out;
}

std::vector<size_t> by_weight(const std::vector<double>& weight) {
  std::vector<size_t> order(weight.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return weight[a] < weight[b]; });
  return order;
}

// 0 for the lowest, 1 for the highest; one patch alone is in the middle, as equal ones are.
std::vector<double> ranks(const std::vector<double>& weight, const std::vector<size_t>& order) {
  std::vector<double> rank(weight.size());
  const double last = std::max(1.0, static_cast<double>(weight.size()) - 1);
  for (size_t i = 0, end = 0; i < order.size(); i = end) {
    while (end < order.size() && weight[order[end]] == weight[order[i]]) ++end;
    const double mean = 0.5 * static_cast<double>(i + end - 1);
    for (size_t k = i; k < end; ++k) rank[order[k]] = weight.size() == 1 ? 0.5 : mean / last;
  }
  return rank;
}

void check(const HeatMap& map) {
  const size_t n = map.weight.size();
  if (n == 0 || map.x.size() != n || map.y.size() != n)
    throw Error("heat map", "needs patches with one place and one weight each");
  if (!(map.patch > 0)) throw Error("heat map", "the size of a patch is not known");
  for (const auto* values : {&map.x, &map.y, &map.weight})
    if (!std::all_of(values->begin(), values->end(), [](double v) { return std::isfinite(v); }))
      throw Error("heat map", "a place or a weight is not finite");
}

}  // namespace

Image heat_map(const HeatMap& map, int64_t most_pixels) {
  check(map);
  const auto [left, right] = std::minmax_element(map.x.begin(), map.x.end());
  const auto [top, bottom] = std::minmax_element(map.y.begin(), map.y.end());
  const double longer = std::max(*right - *left, *bottom - *top) / map.patch + 1;  // in patches
  const auto side = static_cast<int64_t>(
      std::clamp(std::floor(static_cast<double>(most_pixels) / longer), 1.0, 16.0));
  const double scale = static_cast<double>(side) / map.patch;
  const auto pixel = [&](double value, double start) {
    return static_cast<int64_t>(std::lround((value - start) * scale));
  };
  Image image;
  image.width = pixel(*right, *left) + side;
  image.height = pixel(*bottom, *top) + side;
  image.rgb.assign(static_cast<size_t>(3 * image.width * image.height), 255);
  const auto order = by_weight(map.weight);
  const auto rank = ranks(map.weight, order);
  for (const size_t i : order) {
    const auto colour = colour_at(rank[i]);
    const int64_t x0 = pixel(map.x[i], *left), y0 = pixel(map.y[i], *top);
    for (int64_t y = y0; y < y0 + side; ++y)
      for (int64_t x = x0; x < x0 + side; ++x)
        std::copy(colour.begin(), colour.end(),
                  image.rgb.begin() + static_cast<std::ptrdiff_t>(3 * (y * image.width + x)));
  }
  return image;
}

}  // namespace tractrix::report
