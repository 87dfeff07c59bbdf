#include "neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace tractrix::spatial {

// About two points per cell.
Neighbours::Neighbours(const std::vector<double>& x, const std::vector<double>& y) : x_(x), y_(y) {
  left_ = *std::min_element(x.begin(), x.end());
  top_ = *std::min_element(y.begin(), y.end());
  const double width = *std::max_element(x.begin(), x.end()) - left_,
               height = *std::max_element(y.begin(), y.end()) - top_;
  const auto n = static_cast<double>(x.size());
  side_ = std::max({std::sqrt(2 * width * height / n), width / n, height / n, 1e-9});
  columns_ = static_cast<int64_t>(width / side_) + 1;
  rows_ = static_cast<int64_t>(height / side_) + 1;
  cells_.resize(static_cast<size_t>(rows_ * columns_));
  for (size_t i = 0; i < x.size(); ++i) {
    const auto row = static_cast<int64_t>((y[i] - top_) / side_),
               column = static_cast<int64_t>((x[i] - left_) / side_);
    cells_[static_cast<size_t>(row * columns_ + column)].push_back(static_cast<int64_t>(i));
  }
}

double Neighbours::distance(size_t a, int64_t b) const {
  const double dx = x_[a] - x_[static_cast<size_t>(b)], dy = y_[a] - y_[static_cast<size_t>(b)];
  return std::sqrt(dx * dx + dy * dy);
}

void Neighbours::add_ring(size_t point, int64_t ring, std::vector<int64_t>& to) const {
  const auto row = static_cast<int64_t>((y_[point] - top_) / side_),
             column = static_cast<int64_t>((x_[point] - left_) / side_);
  for (int64_t r = std::max<int64_t>(0, row - ring); r <= std::min(rows_ - 1, row + ring); ++r) {
    const bool whole = std::abs(r - row) == ring;
    for (int64_t c = column - ring; c <= column + ring; c += whole || ring == 0 ? 1 : 2 * ring) {
      if (c < 0 || c >= columns_) continue;
      for (int64_t other : cells_[static_cast<size_t>(r * columns_ + c)])
        if (other != static_cast<int64_t>(point)) to.push_back(other);
    }
  }
}

std::vector<int64_t> Neighbours::nearest(size_t point, size_t k) const {
  std::vector<int64_t> found;
  const auto closer = [&](int64_t a, int64_t b) {
    const double to_a = distance(point, a), to_b = distance(point, b);
    return to_a != to_b ? to_a < to_b : a < b;
  };
  for (int64_t ring = 0; ring <= std::max(rows_, columns_); ++ring) {
    add_ring(point, ring, found);
    if (found.size() < k) continue;
    std::sort(found.begin(), found.end(), closer);
    // Whatever lies in further rings is at least this far away.
    if (distance(point, found[k - 1]) < static_cast<double>(ring) * side_) break;
  }
  std::sort(found.begin(), found.end(), closer);
  found.resize(std::min(k, found.size()));
  return found;
}

std::vector<int64_t> Neighbours::within(size_t point, double radius) const {
  std::vector<int64_t> found;
  const auto rings = static_cast<int64_t>(
      std::min(radius / side_ + 1, static_cast<double>(std::max(rows_, columns_))));
  for (int64_t ring = 0; ring <= rings; ++ring) add_ring(point, ring, found);
  std::erase_if(found, [&](int64_t other) { return distance(point, other) > radius; });
  return found;
}

}  // namespace tractrix::spatial
