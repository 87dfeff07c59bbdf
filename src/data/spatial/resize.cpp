// Pillow's Resample.c describes the arithmetic: weights of a Lanczos window of three lobes, widened
// when an image shrinks, normalised, rounded to 22 bits; a pass along rows, then along columns,
// each rounded to bytes.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "tractrix/data/spatial/image.hpp"

namespace tractrix::spatial {
namespace resizing {

constexpr int kBits = 22;

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}
double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

// What one output position takes: weights of the inputs from `first` on.
struct Taps {
  int64_t first = 0;
  std::vector<int32_t> weight;
};

std::vector<Taps> taps_of(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double widened = std::max(scale, 1.0), support = 3 * widened;
  std::vector<Taps> all;
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    Taps taps;
    taps.first = std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5));
    const int64_t end = std::min(from, static_cast<int64_t>(centre + support + 0.5));
    std::vector<double> weight;
    double sum = 0;
    for (int64_t k = taps.first; k < end; ++k) {
      weight.push_back(lanczos((static_cast<double>(k) - centre + 0.5) / widened));
      sum += weight.back();
    }
    for (double w : weight) {
      const double fixed = w / sum * (1 << kBits);
      taps.weight.push_back(static_cast<int32_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
    }
    all.push_back(std::move(taps));
  }
  return all;
}

uint8_t to_byte(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kBits, 0, 255)); }

// Steps are in bytes between neighbours along the pass.
void apply(const Taps& taps, const uint8_t* from, int64_t step, uint8_t* to) {
  int32_t sum[3] = {1 << (kBits - 1), 1 << (kBits - 1), 1 << (kBits - 1)};
  const uint8_t* at = from + taps.first * step;
  for (int32_t weight : taps.weight) {
    for (int c = 0; c < 3; ++c) sum[c] += at[c] * weight;
    at += step;
  }
  for (int c = 0; c < 3; ++c) to[c] = to_byte(sum[c]);
}

}  // namespace resizing

Pixels resized(const Pixels& pixels, int64_t width, int64_t height) {
  Pixels rows = pixels;
  if (width != pixels.width) {
    rows = {width, pixels.height,
            std::vector<uint8_t>(static_cast<size_t>(3 * width * pixels.height))};
    const auto taps = resizing::taps_of(pixels.width, width);
    for (int64_t y = 0; y < pixels.height; ++y)
      for (int64_t x = 0; x < width; ++x)
        resizing::apply(taps[static_cast<size_t>(x)], pixels.at(0, y), 3, rows.at(x, y));
  }
  if (height == rows.height) return rows;
  Pixels out{width, height, std::vector<uint8_t>(static_cast<size_t>(3 * width * height))};
  const auto taps = resizing::taps_of(rows.height, height);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      resizing::apply(taps[static_cast<size_t>(y)], rows.at(x, 0), 3 * width, out.at(x, y));
  return out;
}

}  // namespace tractrix::spatial
