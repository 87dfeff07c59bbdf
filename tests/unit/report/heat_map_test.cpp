#include "tractrix/report/heat_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <limits>

#include "support/messages.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::report {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using Pixel = std::array<int, 3>;

Pixel pixel(const Image& image, int64_t x, int64_t y) {
  const auto* at = image.rgb.data() + 3 * (y * image.width + x);
  return {at[0], at[1], at[2]};
}
const Pixel kWhite{255, 255, 255}, kLowest{68, 1, 84}, kMiddle{33, 145, 140},
    kHighest{253, 231, 37};

TEST(HeatMap, ColoursPatchesByRankWhereTheyLie) {
  // Three patches of 256 pixels; the place at the lower left is empty.
  const auto image = heat_map({{512, 768, 768}, {0, 0, 256}, {0.5, -3, 100}, 256}, 32);
  ASSERT_EQ(image.width, 32);
  ASSERT_EQ(image.height, 32);
  EXPECT_EQ(pixel(image, 0, 0), kMiddle);
  EXPECT_EQ(pixel(image, 15, 15), kMiddle);
  EXPECT_EQ(pixel(image, 16, 0), kLowest);
  EXPECT_EQ(pixel(image, 31, 31), kHighest);
  EXPECT_EQ(pixel(image, 0, 16), kWhite);
}

TEST(HeatMap, EqualWeightsShareAColourAndOneAloneIsInTheMiddle) {
  const auto equal = heat_map({{0, 1, 2}, {0, 0, 0}, {7, 7, 7}, 1});
  EXPECT_EQ(pixel(equal, 0, 0), kMiddle);
  EXPECT_EQ(pixel(equal, 47, 0), kMiddle);
  EXPECT_EQ(pixel(heat_map({{5}, {5}, {0}, 1}), 3, 3), kMiddle);
}

TEST(HeatMap, KeepsAPixelPerPatchHoweverManyThereAre) {
  HeatMap wide{{}, {}, {}, 10};
  for (int i = 0; i < 5000; ++i) {
    wide.x.push_back(10 * i);
    wide.y.push_back(0);
    wide.weight.push_back(i);
  }
  const auto image = heat_map(wide);
  EXPECT_EQ(image.width, 5000);
  EXPECT_EQ(image.height, 1);
  EXPECT_EQ(pixel(image, 4999, 0), kHighest);
}

TEST(HeatMap, RefusesWhatItCannotDraw) {
  EXPECT_THAT(message_of([] { heat_map({}); }), HasSubstr("needs patches"));
  EXPECT_THAT(message_of([] { heat_map({{0, 1}, {0}, {1}, 1}); }), HasSubstr("needs patches"));
  EXPECT_THAT(message_of([] { heat_map({{0}, {0}, {1}, 0}); }), HasSubstr("size of a patch"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(message_of([=] { heat_map({{0}, {0}, {nan}, 1}); }), HasSubstr("not finite"));
}

uint32_t number_at(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

// Read back chunk by chunk: checksums, sides, pixels.
TEST(Png, HoldsThePixelsOfThePicture) {
  Image image{3, 2, {}};
  for (uint8_t i = 0; i < 18; ++i) image.rgb.push_back(static_cast<uint8_t>(10 * i));
  const auto bytes = png(image);
  EXPECT_EQ(bytes.substr(0, 8), "\x89PNG\r\n\x1A\n");
  std::string data, names;
  for (size_t at = 8; at < bytes.size();) {
    const size_t length = number_at(bytes, at);
    const auto body = bytes.substr(at + 4, 4 + length);
    names += body.substr(0, 4) + " ";
    EXPECT_EQ(number_at(bytes, at + 8 + length),
              crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(4 + length)));
    if (body.starts_with("IHDR")) {
      EXPECT_EQ(number_at(body, 4), 3u);
      EXPECT_EQ(number_at(body, 8), 2u);
    }
    if (body.starts_with("IDAT")) data = body.substr(4);
    at += 12 + length;
  }
  EXPECT_EQ(names, "IHDR IDAT IEND ");
  std::array<Bytef, 64> rows{};
  uLongf size = rows.size();
  ASSERT_EQ(uncompress(rows.data(), &size, reinterpret_cast<const Bytef*>(data.data()),
                       static_cast<uLong>(data.size())),
            Z_OK);
  ASSERT_EQ(size, 20u);
  for (size_t y = 0; y < 2; ++y) {
    EXPECT_EQ(rows[10 * y], 0) << "no filter";
    for (size_t i = 0; i < 9; ++i) EXPECT_EQ(rows[10 * y + 1 + i], image.rgb[9 * y + i]);
  }
  EXPECT_THROW(png({2, 2, {1, 2, 3}}), Error);
  EXPECT_THROW(png({0, 2, {}}), Error);
}

}  // namespace
}  // namespace tractrix::report
