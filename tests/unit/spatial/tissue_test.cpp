#include "tractrix/data/spatial/tissue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::spatial {
namespace {

using ::testing::HasSubstr;

std::string collection(const std::string& geometry) {
  return R"({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": )" +
         geometry + "}]}";
}

class Contours : public ::testing::Test {
 protected:
  Tissue read(const std::string& text) {
    write_file(folder_ / "c.geojson", text);
    return Tissue::read(folder_ / "c.geojson");
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Contours, PartsOfSquares) {
  const auto square = read(collection(
      R"({"type": "Polygon", "coordinates": [[[100, 100], [200, 100], [200, 200], [100, 200], [100, 100]]]})"));
  EXPECT_NEAR(square.covered(120, 120, 40), 1, 1e-12);
  EXPECT_NEAR(square.covered(150, 100, 100), 0.5, 1e-12);
  EXPECT_NEAR(square.covered(150, 150, 100), 0.25, 1e-12);
  EXPECT_EQ(square.covered(300, 100, 50), 0);
  const auto triangle =
      read(collection(R"({"type": "Polygon", "coordinates": [[[0, 0], [64, 0], [0, 64]]]})"));
  EXPECT_NEAR(triangle.covered(0, 0, 64), 0.5, 1e-12);
}

TEST_F(Contours, HolesAndOverlaps) {
  const auto ring = read(collection(
      R"({"type": "Polygon", "coordinates": [[[0, 0], [64, 0], [64, 64], [0, 64]], [[16, 16], [48, 16], [48, 48], [16, 48]]]})"));
  EXPECT_NEAR(ring.covered(0, 0, 64), 0.75, 1e-12);
  const auto two = read(collection(
      R"({"type": "MultiPolygon", "coordinates": [[[[0, 0], [40, 0], [40, 64], [0, 64]]], [[[20, 0], [48, 0], [48, 64], [20, 64]]]]})"));
  EXPECT_NEAR(two.covered(0, 0, 64), 0.75, 1e-12);  // what lies in both counts once
}

TEST_F(Contours, WhatIsWrongIsNamed) {
  EXPECT_THAT(
      testing::message_of([&] { read(collection(R"({"type": "Point", "coordinates": [1, 2]})")); }),
      HasSubstr("holds a 'Point', expected polygons"));
  EXPECT_THAT(testing::message_of([&] { read(R"({"features": []})"); }),
              HasSubstr("holds no polygon"));
  EXPECT_THAT(testing::message_of([&] { read(R"({"x": 1})"); }),
              HasSubstr("is no GeoJSON of polygons"));
}

}  // namespace
}  // namespace tractrix::spatial
