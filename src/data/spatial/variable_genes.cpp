#include "tractrix/data/spatial/variable_genes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "local_fit.hpp"
#include "tractrix/data/spatial/expression.hpp"

namespace tractrix::spatial {
namespace variable {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Index of the bin (edges[b], edges[b + 1]] a value lies in, as pandas cuts a range: edges of equal
// distance, the first lowered by a thousandth of the range.
class Bins {
 public:
  Bins(const std::vector<double>& values, int64_t count) {
    double low = INFINITY, high = -INFINITY;
    for (double value : values) {
      if (std::isnan(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    if (low == high) {  // pandas widens a range without width
      const double by = low == 0 ? 0.001 : 0.001 * std::abs(low);
      low -= by;
      high += by;
    }
    const double step = (high - low) / static_cast<double>(count);
    for (int64_t i = 0; i <= count; ++i) edges_.push_back(low + static_cast<double>(i) * step);
    edges_.back() = high;
    edges_.front() -= 0.001 * (high - low);
  }
  size_t of(double value) const {
    const auto at = std::lower_bound(edges_.begin(), edges_.end(), value);
    return static_cast<size_t>(std::max<std::ptrdiff_t>(at - edges_.begin() - 1, 0));
  }

 private:
  std::vector<double> edges_;
};

struct Moments {
  double mean = 0, deviation = 0;
  int64_t count = 0;
};

Moments moments_of(const std::vector<double>& values) {
  Moments m;
  m.count = static_cast<int64_t>(values.size());
  if (m.count == 0) return {kNan, kNan, 0};
  m.mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(m.count);
  double squares = 0;
  for (double value : values) squares += (value - m.mean) * (value - m.mean);
  m.deviation = m.count > 1 ? std::sqrt(squares / static_cast<double>(m.count - 1)) : kNan;
  return m;
}

void standardise(Variability& genes, int64_t bins) {
  const Bins cut(genes.mean, bins);
  std::vector<std::vector<double>> members(static_cast<size_t>(bins));
  std::vector<size_t> home(genes.mean.size());
  for (size_t g = 0; g < genes.mean.size(); ++g) {
    home[g] = cut.of(genes.mean[g]);
    if (!std::isnan(genes.dispersion[g])) members[home[g]].push_back(genes.dispersion[g]);
  }
  std::vector<Moments> stats;
  for (const auto& values : members) {
    stats.push_back(moments_of(values));
    if (stats.back().count == 1) stats.back() = {0, stats.back().mean, 1};
  }
  for (size_t g = 0; g < genes.mean.size(); ++g)
    genes.score.push_back((genes.dispersion[g] - stats[home[g]].mean) / stats[home[g]].deviation);
}

std::vector<bool> expressed(const Counts& counts) {
  std::vector<bool> is(static_cast<size_t>(counts.columns), false);
  for (size_t k = 0; k < counts.value.size(); ++k)
    if (counts.value[k] != 0) is[static_cast<size_t>(counts.column[k])] = true;
  return is;
}

std::vector<int64_t> indices_of(const std::vector<bool>& is) {
  std::vector<int64_t> all;
  for (size_t i = 0; i < is.size(); ++i)
    if (is[i]) all.push_back(static_cast<int64_t>(i));
  return all;
}

double median(std::vector<double> values) {
  if (values.empty()) return kNan;
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// Variance of the counts of a gene, clipped and standardised by what the fit expects.
std::vector<double> standardised_variance(const Counts& counts, const std::vector<double>& mean,
                                          const std::vector<double>& expected_deviation) {
  const auto n = static_cast<double>(counts.rows());
  std::vector<double> squares(mean.size(), 0), sums(mean.size(), 0), score(mean.size(), 0);
  for (size_t k = 0; k < counts.value.size(); ++k) {
    const auto g = static_cast<size_t>(counts.column[k]);
    const double most = expected_deviation[g] * std::sqrt(n) + mean[g];
    const double value = std::min(counts.value[k], most);
    squares[g] += value * value;
    sums[g] += value;
  }
  for (size_t g = 0; g < mean.size(); ++g) {
    const double expected = expected_deviation[g] * expected_deviation[g];
    score[g] = (n * mean[g] * mean[g] + squares[g] - 2 * sums[g] * mean[g]) / ((n - 1) * expected);
  }
  return score;
}

}  // namespace variable

Variability seurat_dispersion(const Counts& log_counts, int64_t bins) {
  Counts linear = log_counts;
  for (double& value : linear.value) value = std::expm1(value);
  const auto stats = moments({&linear});
  Variability genes;
  for (size_t g = 0; g < stats.mean.size(); ++g) {
    const double mean = stats.mean[g] == 0 ? 1e-12 : stats.mean[g];
    const double dispersion = stats.deviation[g] * stats.deviation[g] / mean;
    genes.dispersion.push_back(dispersion == 0 ? variable::kNan : std::log(dispersion));
    genes.mean.push_back(std::log1p(mean));
  }
  variable::standardise(genes, bins);
  return genes;
}

Variability seurat_v3(const Counts& counts, double span) {
  const auto stats = moments({&counts});
  Variability genes;
  genes.mean = stats.mean;
  std::vector<double> x, y;
  std::vector<size_t> home;
  for (size_t g = 0; g < stats.mean.size(); ++g) {
    genes.dispersion.push_back(stats.deviation[g] * stats.deviation[g]);
    if (!(genes.dispersion[g] > 0)) continue;
    x.push_back(std::log10(stats.mean[g]));
    y.push_back(std::log10(genes.dispersion[g]));
    home.push_back(g);
  }
  const auto fitted = local_quadratic(x, y, span);
  std::vector<double> expected(stats.mean.size(), 1);  // genes that never change: scanpy's 10^0
  for (size_t i = 0; i < home.size(); ++i) expected[home[i]] = std::sqrt(std::pow(10, fitted[i]));
  genes.score = variable::standardised_variance(counts, stats.mean, expected);
  return genes;
}

std::vector<int64_t> top_by_score(const std::vector<double>& score, int64_t n) {
  std::vector<double> sorted;
  for (double value : score)
    if (!std::isnan(value)) sorted.push_back(value);
  if (n <= 0 || sorted.empty()) return {};
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double least = sorted[std::min(static_cast<size_t>(n), sorted.size()) - 1];
  std::vector<int64_t> chosen;
  for (size_t g = 0; g < score.size(); ++g)
    if (score[g] >= least) chosen.push_back(static_cast<int64_t>(g));
  return chosen;
}

std::vector<int64_t> first_by_score(const std::vector<double>& score, int64_t n) {
  std::vector<int64_t> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int64_t g) {
    const double value = score[static_cast<size_t>(g)];
    return std::isnan(value) ? -INFINITY : value;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return key(a) > key(b); });
  order.resize(std::min(order.size(), static_cast<size_t>(std::max<int64_t>(n, 0))));
  return order;
}

BatchChoice seurat_over_sections(const std::vector<Counts>& log_counts, int64_t n) {
  const auto genes = static_cast<size_t>(log_counts.at(0).columns);
  BatchChoice out{std::vector<int64_t>(genes, 0), std::vector<double>(genes, 0), {}};
  std::vector<int64_t> defined(genes, 0);
  for (const auto& counts : log_counts) {
    const auto there = variable::indices_of(variable::expressed(counts));
    const auto found = seurat_dispersion(take_columns(counts, there));
    for (int64_t i : top_by_score(found.score, n))
      ++out.sections[static_cast<size_t>(there[static_cast<size_t>(i)])];
    std::vector<double> score(genes, 0);  // genes without any count: 0, as in the reference
    for (size_t i = 0; i < there.size(); ++i) score[static_cast<size_t>(there[i])] = found.score[i];
    for (size_t g = 0; g < genes; ++g) {
      if (std::isnan(score[g])) continue;
      out.score[g] += score[g];
      ++defined[g];
    }
  }
  for (size_t g = 0; g < genes; ++g)
    out.score[g] = defined[g] ? out.score[g] / static_cast<double>(defined[g]) : variable::kNan;
  std::vector<int64_t> order = first_by_score(out.score, static_cast<int64_t>(genes));
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return out.sections[static_cast<size_t>(a)] > out.sections[static_cast<size_t>(b)];
  });
  order.resize(std::min(order.size(), static_cast<size_t>(n)));
  std::sort(order.begin(), order.end());
  out.chosen = std::move(order);
  return out;
}

BatchChoice seurat_v3_over_sections(const std::vector<const Counts*>& counts, int64_t n,
                                    double span) {
  const auto genes = static_cast<size_t>(counts.at(0)->columns);
  BatchChoice out{std::vector<int64_t>(genes, 0), std::vector<double>(genes, 0), {}};
  std::vector<std::vector<double>> ranks(genes);
  for (const auto* part : counts) {
    const auto found = seurat_v3(*part, span);
    for (size_t g = 0; g < genes; ++g)
      out.score[g] += found.score[g] / static_cast<double>(counts.size());
    const auto order = first_by_score(found.score, n);
    for (size_t rank = 0; rank < order.size(); ++rank) {
      ranks[static_cast<size_t>(order[rank])].push_back(static_cast<double>(rank));
      ++out.sections[static_cast<size_t>(order[rank])];
    }
  }
  std::vector<double> score;  // the smallest median rank first
  for (const auto& list : ranks) score.push_back(-variable::median(list));
  std::vector<int64_t> order(genes);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
    if (std::isnan(score[i]) || std::isnan(score[j]))
      return std::isnan(score[j]) > std::isnan(score[i]);
    return score[i] != score[j] ? score[i] > score[j] : out.sections[i] > out.sections[j];
  });
  order.resize(std::min(order.size(), static_cast<size_t>(n)));
  std::sort(order.begin(), order.end());
  out.chosen = std::move(order);
  return out;
}

}  // namespace tractrix::spatial
