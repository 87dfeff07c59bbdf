#include "tractrix/data/spatial/section.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "tractrix/core/csv.hpp"

namespace tractrix::spatial {
namespace {

template <class T>
void keep(std::vector<T>& values, const std::vector<int64_t>& rows) {
  if (values.empty()) return;
  std::vector<T> kept;
  kept.reserve(rows.size());
  for (int64_t row : rows) kept.push_back(std::move(values[static_cast<size_t>(row)]));
  values = std::move(kept);
}
void keep(std::vector<bool>& values, const std::vector<int64_t>& rows) {
  if (values.empty()) return;
  std::vector<bool> kept;
  for (int64_t row : rows) kept.push_back(values[static_cast<size_t>(row)]);
  values = std::move(kept);
}

// Names that are there more than once, each once.
std::vector<std::string> repeated(const std::vector<std::string>& names) {
  std::unordered_set<std::string> seen, told;
  std::vector<std::string> twice;
  for (const auto& name : names)
    if (!seen.insert(name).second && told.insert(name).second) twice.push_back(name);
  return twice;
}

void check_sizes(const Section& s, Errors& errors) {
  const auto fit = [&](size_t size, const std::string& what) {
    if (size != 0 && size != s.barcodes.size())
      errors.add(s.file.string(), what + " has " + std::to_string(size) + " entries, there are " +
                                      std::to_string(s.spots()) + " spots");
  };
  fit(s.array_row.size(), "the array row");
  fit(s.array_column.size(), "the array column");
  fit(s.x.size(), "the position in x");
  fit(s.y.size(), "the position in y");
  fit(s.in_tissue.size(), "'in_tissue'");
  for (const auto& [name, labels] : s.labels) fit(labels.code.size(), "'" + name + "'");
  if (s.x.size() != s.y.size()) errors.add(s.file.string(), "has positions in one direction only");
  if (!s.gene_ids.empty() && s.gene_ids.size() != s.genes.size())
    errors.add(s.file.string(), "has another number of gene ids than of genes");
  if (s.counts.rows() != s.spots() || s.counts.columns != static_cast<int64_t>(s.genes.size()))
    errors.add(s.file.string(), "has counts [" + std::to_string(s.counts.rows()) + ", " +
                                    std::to_string(s.counts.columns) + "] for " +
                                    std::to_string(s.spots()) + " spots and " +
                                    std::to_string(s.genes.size()) + " genes");
}

// Where a stored value lies, for messages.
std::string place(const Section& s, size_t at) {
  const auto& begin = s.counts.begin;
  const auto row =
      std::upper_bound(begin.begin(), begin.end(), static_cast<int64_t>(at)) - begin.begin() - 1;
  return "spot " + s.barcodes[static_cast<size_t>(row)] + ", gene " +
         s.genes[static_cast<size_t>(s.counts.column[at])];
}

}  // namespace

double Counts::sum_of_row(int64_t row) const {
  return std::accumulate(value.begin() + begin[static_cast<size_t>(row)],
                         value.begin() + begin[static_cast<size_t>(row) + 1], 0.0);
}

Counts compressed(std::string_view where, int64_t rows, int64_t columns,
                  const std::vector<int64_t>& begin, const std::vector<int64_t>& indices,
                  std::vector<double> values) {
  const auto refuse = [&](const std::string& what) { throw Error(std::string(where), what); };
  if (columns > INT32_MAX) refuse("has " + std::to_string(columns) + " columns");
  if (static_cast<int64_t>(begin.size()) != rows + 1 || begin.front() != 0 ||
      begin.back() != static_cast<int64_t>(indices.size()) || indices.size() != values.size())
    refuse("has " + std::to_string(begin.size()) + " row offsets, " +
           std::to_string(indices.size()) + " indices and " + std::to_string(values.size()) +
           " values for " + std::to_string(rows) + " rows");
  Counts counts;
  counts.columns = columns;
  std::vector<std::pair<int64_t, double>> row;
  for (size_t r = 0; r < static_cast<size_t>(rows); ++r) {
    if (begin[r + 1] < begin[r] || begin[r + 1] > static_cast<int64_t>(indices.size()))
      refuse("has row offsets that do not ascend at row " + std::to_string(r));
    row.clear();
    for (auto k = static_cast<size_t>(begin[r]); k < static_cast<size_t>(begin[r + 1]); ++k) {
      if (indices[k] < 0 || indices[k] >= columns)
        refuse("has index " + std::to_string(indices[k]) + " in row " + std::to_string(r) +
               ", there are " + std::to_string(columns) + " columns");
      row.emplace_back(indices[k], values[k]);
    }
    const auto by_column = [](const auto& a, const auto& b) { return a.first < b.first; };
    if (!std::is_sorted(row.begin(), row.end(), by_column))
      std::sort(row.begin(), row.end(), by_column);
    for (size_t k = 0; k < row.size(); ++k) {
      if (k > 0 && row[k].first == row[k - 1].first)
        refuse("has column " + std::to_string(row[k].first) + " twice in row " + std::to_string(r));
      if (row[k].second == 0) continue;
      counts.column.push_back(static_cast<int32_t>(row[k].first));
      counts.value.push_back(row[k].second);
    }
    counts.begin.push_back(counts.stored());
  }
  return counts;
}

Counts from_dense(int64_t rows, int64_t columns, const std::vector<double>& values) {
  Counts counts;
  counts.columns = columns;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      const double value = values[static_cast<size_t>(r * columns + c)];
      if (value == 0) continue;
      counts.column.push_back(static_cast<int32_t>(c));
      counts.value.push_back(value);
    }
    counts.begin.push_back(counts.stored());
  }
  return counts;
}

Counts transposed(const Counts& counts) {
  Counts out;
  out.columns = counts.rows();
  out.begin.assign(static_cast<size_t>(counts.columns) + 1, 0);
  for (int32_t c : counts.column) ++out.begin[static_cast<size_t>(c) + 1];
  std::partial_sum(out.begin.begin(), out.begin.end(), out.begin.begin());
  out.column.resize(counts.value.size());
  out.value.resize(counts.value.size());
  auto next = out.begin;
  for (int64_t r = 0; r < counts.rows(); ++r) {
    for (auto k = counts.begin[static_cast<size_t>(r)];
         k < counts.begin[static_cast<size_t>(r) + 1]; ++k) {
      const auto to =
          static_cast<size_t>(next[static_cast<size_t>(counts.column[static_cast<size_t>(k)])]++);
      out.column[to] = static_cast<int32_t>(r);
      out.value[to] = counts.value[static_cast<size_t>(k)];
    }
  }
  return out;
}

Counts take_rows(const Counts& counts, const std::vector<int64_t>& rows) {
  Counts out;
  out.columns = counts.columns;
  for (int64_t r : rows) {
    const auto from = counts.begin.at(static_cast<size_t>(r)),
               to = counts.begin.at(static_cast<size_t>(r) + 1);
    out.column.insert(out.column.end(), counts.column.begin() + from, counts.column.begin() + to);
    out.value.insert(out.value.end(), counts.value.begin() + from, counts.value.begin() + to);
    out.begin.push_back(out.stored());
  }
  return out;
}

Counts take_columns(const Counts& counts, const std::vector<int64_t>& columns) {
  std::vector<int64_t> home(static_cast<size_t>(counts.columns), -1);
  for (size_t i = 0; i < columns.size(); ++i)
    home.at(static_cast<size_t>(columns[i])) = static_cast<int64_t>(i);
  Counts out;
  out.columns = static_cast<int64_t>(columns.size());
  std::vector<std::pair<int64_t, double>> row;
  for (size_t r = 0; r + 1 < counts.begin.size(); ++r) {
    row.clear();
    for (auto k = static_cast<size_t>(counts.begin[r]);
         k < static_cast<size_t>(counts.begin[r + 1]); ++k) {
      const int64_t to = home[static_cast<size_t>(counts.column[k])];
      if (to >= 0) row.emplace_back(to, counts.value[k]);
    }
    std::sort(row.begin(), row.end());
    for (const auto& [column, value] : row) {
      out.column.push_back(static_cast<int32_t>(column));
      out.value.push_back(value);
    }
    out.begin.push_back(out.stored());
  }
  return out;
}

void keep_spots(Section& s, const std::vector<int64_t>& spots) {
  s.counts = take_rows(s.counts, spots);
  keep(s.barcodes, spots);
  keep(s.array_row, spots);
  keep(s.array_column, spots);
  keep(s.x, spots);
  keep(s.y, spots);
  keep(s.in_tissue, spots);
  for (auto& [name, labels] : s.labels) keep(labels.code, spots);
}

void keep_genes(Section& s, const std::vector<int64_t>& genes) {
  s.counts = take_columns(s.counts, genes);
  keep(s.genes, genes);
  keep(s.gene_ids, genes);
}

void check_section(const Section& s) {
  Errors errors;
  check_sizes(s, errors);
  if (s.barcodes.empty()) errors.add(s.file.string(), "holds no spot");
  if (s.genes.empty()) errors.add(s.file.string(), "holds no gene");
  if (const auto twice = repeated(s.barcodes); !twice.empty())
    errors.add(s.file.string(), std::to_string(twice.size()) +
                                    " barcodes are there more than once: " + enumerate(twice));
  if (std::count(s.barcodes.begin(), s.barcodes.end(), "") > 0)
    errors.add(s.file.string(), "holds spots without a barcode");
  std::vector<std::string> lost;
  for (size_t i = 0; i < std::min(s.x.size(), s.y.size()) && i < s.barcodes.size(); ++i)
    if (!std::isfinite(s.x[i]) || !std::isfinite(s.y[i])) lost.push_back(s.barcodes[i]);
  if (!lost.empty())
    errors.add(s.file.string(),
               std::to_string(lost.size()) +
                   " spots have a position that is not finite: " + enumerate(lost));
  errors.raise();
  for (size_t k = 0; k < s.counts.value.size(); ++k)
    if (!std::isfinite(s.counts.value[k]))
      throw Error(s.file.string(), "holds a value that is not finite: " + place(s, k));
}

void require_counts(const Section& s) {
  int64_t negative = 0, broken = 0;
  size_t first = s.counts.value.size();
  for (size_t k = 0; k < s.counts.value.size(); ++k) {
    const double value = s.counts.value[k];
    negative += value < 0;
    broken += value >= 0 && value != std::floor(value);
    if ((value < 0 || value != std::floor(value)) && first == s.counts.value.size()) first = k;
  }
  if (negative + broken == 0) return;
  throw Error(s.file.string(),
              "holds no counts: " + std::to_string(negative) + " negative and " +
                  std::to_string(broken) + " fractional of " + std::to_string(s.counts.stored()) +
                  " values, the first " + shortest(s.counts.value[first]) + " (" + place(s, first) +
                  ")",
              "name the raw counts: a layer, or 'raw' of an h5ad file");
}

void make_genes_unique(Section& s) {
  const auto twice = repeated(s.genes);
  if (twice.empty()) return;
  std::unordered_set<std::string> taken(s.genes.begin(), s.genes.end()), seen;
  std::unordered_map<std::string, int64_t> next;
  int64_t renamed = 0;
  for (auto& gene : s.genes) {
    if (seen.insert(gene).second) continue;
    std::string name;
    do {
      name = gene + "-" + std::to_string(++next[gene]);
    } while (!taken.insert(name).second);
    gene = name;
    seen.insert(name);
    ++renamed;
  }
  s.notes.push_back(std::to_string(renamed) +
                    " genes carry a name that is there before and got a " +
                    "number: " + enumerate(twice));
}

}  // namespace tractrix::spatial
