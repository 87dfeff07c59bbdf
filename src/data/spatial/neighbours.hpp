// Points in the plane, sorted into cells: who is near.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tractrix::spatial {

class Neighbours {
 public:
  // Positions are finite; the vectors outlive this object.
  Neighbours(const std::vector<double>& x, const std::vector<double>& y);

  double distance(size_t a, int64_t b) const;
  // The k nearest others, nearest first; ties by index. There are at least k others.
  std::vector<int64_t> nearest(size_t point, size_t k) const;
  // All others within the radius, the rim included.
  std::vector<int64_t> within(size_t point, double radius) const;

 private:
  // Points of the ring of cells at this distance from the point's own cell.
  void add_ring(size_t point, int64_t ring, std::vector<int64_t>& to) const;

  const std::vector<double>&x_, &y_;
  double left_ = 0, top_ = 0, side_ = 1;
  int64_t rows_ = 1, columns_ = 1;
  std::vector<std::vector<int64_t>> cells_;
};

}  // namespace tractrix::spatial
