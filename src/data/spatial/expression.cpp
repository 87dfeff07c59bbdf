#include "tractrix/data/spatial/expression.hpp"

#include <algorithm>
#include <cmath>

namespace tractrix::spatial {

std::vector<double> totals(const Counts& counts) {
  std::vector<double> sums;
  for (int64_t r = 0; r < counts.rows(); ++r) sums.push_back(counts.sum_of_row(r));
  return sums;
}

double median_of_nonzero(std::vector<double> sums) {
  std::erase(sums, 0.0);
  if (sums.empty()) return 0;
  std::sort(sums.begin(), sums.end());
  const size_t n = sums.size();
  return n % 2 == 1 ? sums[n / 2] : (sums[n / 2 - 1] + sums[n / 2]) / 2;
}

Counts normalised(const Counts& counts, std::optional<double> target) {
  const auto sums = totals(counts);
  const double goal = target ? *target : median_of_nonzero(sums);
  Counts out = counts;
  for (size_t r = 0; r < sums.size(); ++r) {
    if (sums[r] == 0) continue;
    const double scale = sums[r] / goal;
    for (auto k = out.begin[r]; k < out.begin[r + 1]; ++k)
      out.value[static_cast<size_t>(k)] /= scale;
  }
  return out;
}

Counts log1p(Counts counts) {
  for (double& value : counts.value) value = std::log1p(value);
  return counts;
}

std::vector<double> targets(const Counts& counts, Transform transform,
                            const std::vector<double>& sums, double total) {
  const auto columns = static_cast<size_t>(counts.columns);
  std::vector<double> all(static_cast<size_t>(counts.rows()) * columns, 0.0);
  for (size_t r = 0; r + 1 < counts.begin.size(); ++r) {
    for (auto k = static_cast<size_t>(counts.begin[r]);
         k < static_cast<size_t>(counts.begin[r + 1]); ++k) {
      double value = counts.value[k];
      if (transform == Transform::log1p) value = std::log1p(value);
      if (transform == Transform::log2p1) value = std::log2(value + 1);
      if (transform == Transform::cpm_log1p)
        value = sums.at(r) > 0 ? std::log1p(value / sums[r] * total) : 0;
      all[r * columns + static_cast<size_t>(counts.column[k])] = value;
    }
  }
  return all;
}

ColumnMoments moments(const std::vector<const Counts*>& parts) {
  const auto columns = static_cast<size_t>(parts.at(0)->columns);
  ColumnMoments out{std::vector<double>(columns, 0), std::vector<double>(columns, 0)};
  std::vector<int64_t> stored(columns, 0);
  int64_t rows = 0;
  for (const auto* part : parts) {
    rows += part->rows();
    for (size_t k = 0; k < part->value.size(); ++k) {
      out.mean[static_cast<size_t>(part->column[k])] += part->value[k];
      ++stored[static_cast<size_t>(part->column[k])];
    }
  }
  const auto n = static_cast<double>(rows);
  for (double& mean : out.mean) mean /= n;
  for (const auto* part : parts) {  // a second pass: no difference of large squares
    for (size_t k = 0; k < part->value.size(); ++k) {
      const auto c = static_cast<size_t>(part->column[k]);
      const double d = part->value[k] - out.mean[c];
      out.deviation[c] += d * d;
    }
  }
  for (size_t c = 0; c < columns; ++c) {
    const auto zeros = static_cast<double>(rows - stored[c]);
    out.deviation[c] = std::sqrt((out.deviation[c] + zeros * out.mean[c] * out.mean[c]) / (n - 1));
  }
  return out;
}

}  // namespace tractrix::spatial
