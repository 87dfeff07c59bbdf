// Where tissue lies in an image: polygons of a GeoJSON file, as HEST-1k's tissue_seg has them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

namespace tractrix::spatial {

class Tissue {
 public:
  // Polygons and multipolygons in pixels; further rings of a polygon are holes. Throws an Error for
  // other geometries and for a file without any polygon.
  static Tissue read(const std::filesystem::path& file);

  // The part of the square [x, x + side) x [y, y + side) that some polygon covers, from 32 lines of
  // exact length.
  double covered(double x, double y, double side) const;

 private:
  using Ring = std::vector<std::pair<double, double>>;
  struct Polygon {
    std::vector<Ring> rings;
    double top = 0, bottom = 0;
  };
  std::vector<Polygon> polygons_;
};

}  // namespace tractrix::spatial
