// Highly variable genes as Seurat and scanpy choose them. scanpy 1.11 is the reference for what
// papers leave open (tests/goldens/st_diffusion/expression_small).
#pragma once

#include <cstdint>
#include <vector>

#include "tractrix/data/spatial/section.hpp"

namespace tractrix::spatial {

// Per gene; NaN where undefined (a gene without any count).
struct Variability {
  std::vector<double> mean;        // seurat: ln(1 + mean of expm1); seurat_v3: of the counts
  std::vector<double> dispersion;  // seurat: ln(variance / mean); seurat_v3: variance
  std::vector<double> score;       // what genes are ranked by
};

// Macosko et al. 2015 as Seurat and scanpy have it: 20 bins of equal width over the means; log
// dispersions standardised within their bin (a bin of one gene: score 1). log_counts: ln(1 + x).
Variability seurat_dispersion(const Counts& log_counts, int64_t bins = 20);

// Stuart et al. 2019 ("vst"): variance of counts standardised by a local quadratic fit of log10
// variance on log10 mean (span 0.3), clipped at sqrt(spots) deviations. The fit is computed at
// every gene; R and scanpy compute it at some points and interpolate, which moves scores by less
// than 0.1 and few genes of a selection.
Variability seurat_v3(const Counts& counts, double span = 0.3);

// Indices of all genes whose score is at least the n-th largest, ascending: ties can exceed n.
std::vector<int64_t> top_by_score(const std::vector<double>& score, int64_t n);
// Exactly n (or all), largest first; ties and NaN by index, NaN last.
std::vector<int64_t> first_by_score(const std::vector<double>& score, int64_t n);

// Several sections: genes are chosen per section (genes that it lacks have score 0), then ordered
// by how many chose them, then by their mean score.
struct BatchChoice {
  std::vector<int64_t> sections;  // how many chose the gene
  std::vector<double> score;      // mean over the sections where it is defined
  std::vector<int64_t> chosen;    // n gene indices, ascending
};
BatchChoice seurat_over_sections(const std::vector<Counts>& log_counts, int64_t n);
// seurat_v3: ordered by the median of the ranks within sections that chose the gene, then by how
// many chose it.
BatchChoice seurat_v3_over_sections(const std::vector<const Counts*>& counts, int64_t n,
                                    double span = 0.3);

}  // namespace tractrix::spatial
