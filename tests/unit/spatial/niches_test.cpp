#include "tractrix/data/spatial/niches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/messages.hpp"
#include "tractrix/data/spatial/readers.hpp"

namespace tractrix::spatial {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Rows of a hexagonal array as Visium numbers them, 100 micrometres between neighbours.
Section hexagonal(int64_t rows, int64_t columns) {
  Section s;
  s.lattice = Lattice::hexagonal;
  s.pixel_um = 0.5;
  s.spot_pixels = 110;
  s.counts.columns = 1;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = r % 2; c < 2 * columns; c += 2) {
      s.barcodes.push_back(std::to_string(r) + "_" + std::to_string(c));
      s.array_row.push_back(r);
      s.array_column.push_back(c);
      s.x.push_back(100.0 * static_cast<double>(c));
      s.y.push_back(173.2 * static_cast<double>(r));
      s.counts.column.push_back(0);
      s.counts.value.push_back(static_cast<double>(s.barcodes.size()));
      s.counts.begin.push_back(s.counts.stored());
    }
  }
  return s;
}

Section square(int64_t side) {
  Section s;
  s.lattice = Lattice::square;
  s.pixel_um = 1;
  s.spot_pixels = 100;
  for (int64_t r = 0; r < side; ++r)
    for (int64_t c = 0; c < side; ++c) {
      s.barcodes.push_back(std::to_string(c) + "x" + std::to_string(r));
      s.array_row.push_back(r);
      s.array_column.push_back(c);
      s.x.push_back(200.0 * static_cast<double>(c));
      s.y.push_back(200.0 * static_cast<double>(r));
    }
  return s;
}

TEST(Niches, IndexAndPixelRulesAgreeOnALargeHexagon) {
  const auto s = hexagonal(20, 20);
  const auto by_index = find_niches(s, {});
  EXPECT_EQ(by_index.centres.size(), 18u * 18u);
  EXPECT_EQ(by_index.degrees.back(), static_cast<int64_t>(by_index.centres.size()));
  const auto by_pixels = find_niches(s, {.rule = NicheRule::pixels});
  EXPECT_EQ(by_pixels.centres, by_index.centres);
  EXPECT_EQ(by_pixels.members, by_index.members);
  const auto nearest = find_niches(s, {.rule = NicheRule::nearest});
  EXPECT_EQ(nearest.centres.size(), s.barcodes.size());  // a rim spot has six nearest, too
  const auto radius = find_niches(s, {.rule = NicheRule::radius, .radius_um = 101, .least = 6});
  EXPECT_EQ(radius.members, by_index.members);
}

TEST(Niches, WindowAndMeans) {
  const auto s = hexagonal(3, 3);  // rows of three, three and three spots
  const auto n = find_niches(s, {});
  ASSERT_THAT(n.centres, ElementsAre(4));  // row 1, column 3
  EXPECT_THAT(n.members[0], ElementsAre(4, 1, 2, 3, 5, 7, 8));
  EXPECT_EQ(n.half_window, 200 + 55);  // 200 pixels to the right, half a spot
  const auto means = niche_means(s.counts, n);
  EXPECT_THAT(means.value, ElementsAre((5 + 2 + 3 + 4 + 6 + 8 + 9) / 7.0));
}

TEST(Niches, SquareLatticesAndPartialNiches) {
  const auto s = square(4);
  EXPECT_EQ(find_niches(s, {}).centres.size(), 4u);
  EXPECT_EQ(find_niches(s, {.neighbours = 8}).members[0].size(), 9u);
  const auto partial = find_niches(s, {.least = 2});
  EXPECT_EQ(partial.centres.size(), 16u);
  EXPECT_THAT(partial.degrees, ElementsAre(0, 0, 4, 8, 4));
  EXPECT_THAT(partial.members[0], ElementsAre(0, 1, 4));
  EXPECT_EQ(find_niches(s, {.least = 3}).excluded.size(), 4u);
}

TEST(Niches, EighteenNeighboursAreTwoRings) {
  const auto n = find_niches(hexagonal(7, 8), {.neighbours = 18});
  ASSERT_FALSE(n.members.empty());
  for (const auto& members : n.members) EXPECT_EQ(members.size(), 19u);
}

TEST(Niches, WhatIsMissingIsNamed) {
  auto s = square(2);
  EXPECT_THAT(testing::message_of([&] { find_niches(s, {}); }),
              HasSubstr("has no spot with a whole niche of 4 neighbours among 4"));
  EXPECT_THAT(testing::message_of([&] { find_niches(s, {.neighbours = 6}); }),
              HasSubstr("a square lattice has no niche of 6 neighbours"));
  EXPECT_THAT(testing::message_of([&] { find_niches(s, {.rule = NicheRule::nearest}); }),
              HasSubstr("has only 4 spots"));
  s.array_row[1] = 0;
  s.array_column[1] = 0;
  EXPECT_THAT(testing::message_of([&] { find_niches(s, {}); }),
              HasSubstr("has two spots in array row 0, column 0"));
  s.array_row.clear();
  EXPECT_THAT(testing::message_of([&] { find_niches(s, {}); }),
              HasSubstr("has no array positions on a known lattice"));
}

// Fractions measured with Python on the real sections.
TEST(Niches, RealSections) {
  const char* root = std::getenv("TRACTRIX_HER2ST");
  if (!root) GTEST_SKIP() << "TRACTRIX_HER2ST names no folder";
  const auto part = [&](const std::string& id, int64_t neighbours) {
    const auto s = read_her2st(root, id);
    return static_cast<double>(find_niches(s, {.neighbours = neighbours}).centres.size()) /
           static_cast<double>(s.spots());
  };
  EXPECT_NEAR(part("C2", 4), 0.74, 0.005);
  EXPECT_NEAR(part("C2", 8), 0.63, 0.005);
  EXPECT_NEAR(part("B4", 4), 0.67, 0.005);
  EXPECT_NEAR(part("B4", 8), 0.59, 0.005);
}

}  // namespace
}  // namespace tractrix::spatial
