// Normalisation of counts and the transforms of targets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/data/spatial/section.hpp"

namespace tractrix::spatial {

std::vector<double> totals(const Counts& counts);  // per row
// The middle of the totals that are not 0 (mean of both middles of an even number); 0 without any.
double median_of_nonzero(std::vector<double> totals);
// Every row scaled to `target`, or to the median of the totals that are not 0 (scanpy's
// normalize_total); empty rows stay empty.
Counts normalised(const Counts& counts, std::optional<double> target = {});
Counts log1p(Counts counts);

enum class Transform {
  counts,     // as they are
  log1p,      // ln(1 + count)
  log2p1,     // log2(1 + count): HyperST's
  cpm_log1p,  // ln(1 + count * total / sum of the spot): library size taken out
};
constexpr std::pair<const char*, Transform> kTransforms[] = {{"counts", Transform::counts},
                                                             {"log1p", Transform::log1p},
                                                             {"log2p1", Transform::log2p1},
                                                             {"cpm_log1p", Transform::cpm_log1p}};
constexpr auto& names(Transform) { return kTransforms; }

// counts [rows, genes] to targets of that shape, row-major. sums: of all genes per row, for
// cpm_log1p; a spot without any count gives 0.
std::vector<double> targets(const Counts& counts, Transform transform,
                            const std::vector<double>& sums, double total = 1e4);

// Mean and sample standard deviation (n - 1) of every column over all rows of several matrices.
struct ColumnMoments {
  std::vector<double> mean, deviation;
};
ColumnMoments moments(const std::vector<const Counts*>& parts);

}  // namespace tractrix::spatial
