#include "local_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "tractrix/core/error.hpp"

namespace tractrix::spatial {
namespace local_fit {

using Columns = std::array<std::vector<double>, 4>;  // 1, t, t^2 and y, all times sqrt(weight)

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Orthogonalises the columns in turn (modified Gram-Schmidt, twice for accuracy) and returns the
// constant term of the least-squares fit of the last one. A column that lies in the span of those
// before it is left out.
double constant_term(Columns& q) {
  double r[3][4] = {};
  bool used[3] = {};
  for (size_t j = 0; j < 4; ++j) {
    const double before = std::sqrt(dot(q[j], q[j]));
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t i = 0; i < std::min<size_t>(j, 3); ++i) {
        if (!used[i]) continue;
        const double share = dot(q[i], q[j]);
        r[i][j] += share;
        for (size_t k = 0; k < q[j].size(); ++k) q[j][k] -= share * q[i][k];
      }
    }
    if (j == 3) break;
    const double after = std::sqrt(dot(q[j], q[j]));
    used[j] = after > 1e-9 * before;
    r[j][j] = after;
    if (used[j])
      for (double& value : q[j]) value /= after;
  }
  double beta[3] = {};
  for (size_t i = 3; i-- > 0;) {
    if (!used[i]) continue;
    double rest = r[i][3];
    for (size_t j = i + 1; j < 3; ++j) rest -= r[i][j] * beta[j];
    beta[i] = rest / r[i][i];
  }
  return beta[0];
}

}  // namespace local_fit

std::vector<double> local_quadratic(const std::vector<double>& x, const std::vector<double>& y,
                                    double span) {
  const size_t n = x.size();
  const auto near = static_cast<size_t>(std::floor(span * static_cast<double>(n) + 1e-5));
  if (near < 3 || near > n)
    throw Error("seurat_v3", "needs more than the " + std::to_string(n) + " genes that vary");
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return x[a] < x[b]; });
  std::vector<double> fitted(n);
  local_fit::Columns columns;
  size_t first = 0;
  for (size_t i = 0; i < n; ++i) {
    const double at = x[order[i]];
    while (first + near < n && x[order[first + near]] - at < at - x[order[first]]) ++first;
    const double reach = std::max(at - x[order[first]], x[order[first + near - 1]] - at);
    if (!(reach > 0))
      throw Error("seurat_v3",
                  "cannot be fitted: " + std::to_string(near) + " genes share one mean",
                  "use a larger span, leave out genes of few spots, or use flavour seurat");
    for (auto& column : columns) column.clear();
    for (size_t k = first; k < first + near; ++k) {
      const double t = (x[order[k]] - at) / reach, distance = std::abs(t);
      const double tricube = std::pow(1 - distance * distance * distance, 3);
      if (!(tricube > 0)) continue;
      const double root = std::sqrt(tricube);
      columns[0].push_back(root);
      columns[1].push_back(root * t);
      columns[2].push_back(root * t * t);
      columns[3].push_back(root * y[order[k]]);
    }
    fitted[order[i]] = local_fit::constant_term(columns);
  }
  return fitted;
}

}  // namespace tractrix::spatial
