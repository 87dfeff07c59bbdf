#include "tractrix/data/spatial/tissue.hpp"

#include <algorithm>

#include "tractrix/core/error.hpp"
#include "tractrix/core/json.hpp"

namespace tractrix::spatial {
namespace tissues {

using Spans = std::vector<std::pair<double, double>>;

// Length of the union of spans within [from, to].
double length(Spans spans, double from, double to) {
  std::sort(spans.begin(), spans.end());
  double sum = 0, reached = from;
  for (const auto& [begin, end] : spans) {
    const double first = std::max(begin, reached), last = std::min(end, to);
    if (last <= first) continue;
    sum += last - first;
    reached = last;
  }
  return sum;
}

void add_crossings(const std::vector<std::pair<double, double>>& ring, double y,
                   std::vector<double>& at) {
  for (size_t i = 0; i < ring.size(); ++i) {
    const auto& a = ring[i];
    const auto& b = ring[(i + 1) % ring.size()];
    if ((a.second <= y) == (b.second <= y)) continue;
    at.push_back(a.first + (y - a.second) / (b.second - a.second) * (b.first - a.first));
  }
}

}  // namespace tissues

Tissue Tissue::read(const std::filesystem::path& file) {
  const auto json = read_json(file);
  Tissue tissue;
  const auto add = [&](const Json& rings) {
    Polygon polygon{{}, 1e300, -1e300};
    for (const auto& points : rings) {
      auto& ring = polygon.rings.emplace_back();
      for (const auto& point : points) {
        ring.emplace_back(point.at(0).get<double>(), point.at(1).get<double>());
        polygon.top = std::min(polygon.top, ring.back().second);
        polygon.bottom = std::max(polygon.bottom, ring.back().second);
      }
    }
    tissue.polygons_.push_back(std::move(polygon));
  };
  try {
    for (const auto& feature : json.at("features")) {
      const auto& geometry = feature.at("geometry");
      const std::string type = geometry.at("type");
      const auto& coordinates = geometry.at("coordinates");
      if (type == "Polygon") {
        add(coordinates);
      } else if (type == "MultiPolygon") {
        for (const auto& rings : coordinates) add(rings);
      } else {
        throw Error(file.string(), "holds a '" + type + "', expected polygons");
      }
    }
  } catch (const Json::exception& e) {
    throw Error(file.string(), std::string("is no GeoJSON of polygons: ") + e.what());
  }
  if (tissue.polygons_.empty()) throw Error(file.string(), "holds no polygon");
  return tissue;
}

double Tissue::covered(double x, double y, double side) const {
  constexpr int kLines = 32;
  double sum = 0;
  std::vector<double> at;
  for (int i = 0; i < kLines; ++i) {
    const double line = y + (i + 0.5) / kLines * side;
    tissues::Spans spans;
    for (const auto& polygon : polygons_) {
      if (line < polygon.top || line > polygon.bottom) continue;
      at.clear();
      for (const auto& ring : polygon.rings) tissues::add_crossings(ring, line, at);
      std::sort(at.begin(), at.end());
      for (size_t k = 0; k + 1 < at.size(); k += 2) spans.emplace_back(at[k], at[k + 1]);
    }
    sum += tissues::length(std::move(spans), x, x + side);
  }
  return sum / (kLines * side);
}

}  // namespace tractrix::spatial
