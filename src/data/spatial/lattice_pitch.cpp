#include "lattice_pitch.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace tractrix::spatial {

std::optional<double> lattice_pitch(const Section& s) {
  if (!s.placed() || s.array_row.empty() || s.lattice == Lattice::unknown) return {};
  std::vector<std::pair<int64_t, int64_t>> ways{{0, 2}};  // of row and column
  if (s.lattice == Lattice::square) ways = {{0, 1}, {1, 0}};
  std::map<std::pair<int64_t, int64_t>, size_t> at;
  for (size_t i = 0; i < s.barcodes.size(); ++i) at[{s.array_row[i], s.array_column[i]}] = i;
  std::vector<double> steps;
  for (size_t i = 0; i < s.barcodes.size(); ++i) {
    for (const auto& [row, column] : ways) {
      const auto next = at.find({s.array_row[i] + row, s.array_column[i] + column});
      if (next != at.end())
        steps.push_back(std::hypot(s.x[next->second] - s.x[i], s.y[next->second] - s.y[i]));
    }
  }
  if (steps.empty()) return {};
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

}  // namespace tractrix::spatial
