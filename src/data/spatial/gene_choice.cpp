#include "tractrix/data/spatial/gene_choice.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "text_lines.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/data/spatial/expression.hpp"
#include "tractrix/data/spatial/variable_genes.hpp"

namespace tractrix::spatial {
namespace choosing {

std::vector<int64_t> rows_with_counts(const Counts& counts) {
  std::vector<int64_t> rows;
  for (int64_t r = 0; r < counts.rows(); ++r)
    if (counts.begin[static_cast<size_t>(r)] != counts.begin[static_cast<size_t>(r) + 1])
      rows.push_back(r);
  return rows;
}

std::vector<int64_t> columns_with_counts(const Counts& counts) {
  std::set<int32_t> there(counts.column.begin(), counts.column.end());
  return {there.begin(), there.end()};
}

// Variable genes of one section: empty spots and genes are left out, spots scaled to the median
// total, then Seurat's rule.
std::vector<int64_t> variable_genes(const Counts& all, int64_t n) {
  const auto there = columns_with_counts(all);
  const Counts counts = take_columns(take_rows(all, rows_with_counts(all)), there);
  std::vector<int64_t> chosen;
  for (int64_t i : top_by_score(seurat_dispersion(log1p(normalised(counts))).score, n))
    chosen.push_back(there[static_cast<size_t>(i)]);
  return chosen;
}

bool excluded(const std::string& gene, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const auto& prefix) { return gene.starts_with(prefix); });
}

// 1 = largest; ties share the smallest rank.
std::vector<int64_t> ranks(const std::vector<double>& values) {
  const auto order = first_by_score(values, static_cast<int64_t>(values.size()));
  std::vector<int64_t> rank(values.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const auto at = static_cast<size_t>(order[i]);
    const bool tie = i > 0 && values[at] == values[static_cast<size_t>(order[i - 1])];
    rank[at] = tie ? rank[static_cast<size_t>(order[i - 1])] : static_cast<int64_t>(i) + 1;
  }
  return rank;
}

std::vector<int64_t> intersection(const ColumnMoments& stats, int64_t k) {
  auto by_mean = first_by_score(stats.mean, k), by_deviation = first_by_score(stats.deviation, k);
  std::sort(by_mean.begin(), by_mean.end());
  std::sort(by_deviation.begin(), by_deviation.end());
  std::vector<int64_t> both;
  std::set_intersection(by_mean.begin(), by_mean.end(), by_deviation.begin(), by_deviation.end(),
                        std::back_inserter(both));
  return both;
}

class Chooser {
 public:
  Chooser(const std::vector<const Counts*>& counts, const std::vector<std::string>& common,
          const GeneOptions& options)
      : counts_(counts), common_(common), options_(options) {
    choice_.common = static_cast<int64_t>(common.size());
  }

  GeneChoice choose() {
    switch (options_.method) {
      case GeneMethod::hmhvg_intersection:
      case GeneMethod::hmhvg_ranksum:
        highly_mean_and_variable();
        break;
      case GeneMethod::hvg:
        variable();
        break;
      case GeneMethod::mean:
        candidates_without_prefixes(everything());
        take(first_by_score(candidate_moments().mean, options_.count), options_.count);
        break;
      case GeneMethod::list:
        listed();
    }
    if (options_.method != GeneMethod::list) std::sort(choice_.genes.begin(), choice_.genes.end());
    std::string text;
    for (const auto& gene : choice_.genes) text += gene + "\n";
    choice_.sha256 = sha256(text);
    return choice_;
  }

 private:
  std::vector<int64_t> everything() const {
    std::vector<int64_t> all(common_.size());
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  std::vector<bool> expressed_often() const {
    std::vector<int64_t> spots(common_.size(), 0);
    int64_t rows = 0;
    for (const auto* part : counts_) {
      rows += part->rows();
      for (int32_t g : part->column) ++spots[static_cast<size_t>(g)];
    }
    const double least = options_.expressed_in * static_cast<double>(rows);
    std::vector<bool> often;
    for (int64_t count : spots) often.push_back(static_cast<double>(count) >= least);
    return often;
  }

  void candidates_without_prefixes(const std::vector<int64_t>& genes) {
    std::vector<std::string> prefixes;
    if (options_.method == GeneMethod::hmhvg_intersection) prefixes = {"MT", "mt", "RP", "rp"};
    if (options_.method == GeneMethod::hmhvg_ranksum) prefixes = {"MT", "mt", "RPS", "RPL"};
    if (options_.exclude_prefixes) prefixes = *options_.exclude_prefixes;
    const auto often = expressed_often();
    for (int64_t g : genes)
      if (often[static_cast<size_t>(g)] && !excluded(common_[static_cast<size_t>(g)], prefixes))
        candidates_.push_back(g);
    choice_.candidates = static_cast<int64_t>(candidates_.size());
  }

  ColumnMoments candidate_moments() const {
    std::vector<Counts> parts;
    std::vector<const Counts*> pointers;
    for (const auto* part : counts_) parts.push_back(take_columns(*part, candidates_));
    for (const auto& part : parts) pointers.push_back(&part);
    return moments(pointers);
  }

  // Indices into the candidates.
  void take(const std::vector<int64_t>& chosen, int64_t wanted) {
    if (static_cast<int64_t>(chosen.size()) < wanted)
      throw Error("genes",
                  std::to_string(wanted) + " are asked for, " + std::to_string(chosen.size()) +
                      " qualify of " + std::to_string(candidates_.size()) + " candidates",
                  "ask for fewer (count, reach) or allow more (per_section, exclude_prefixes)");
    for (int64_t i : chosen)
      choice_.genes.push_back(common_[static_cast<size_t>(candidates_[static_cast<size_t>(i)])]);
  }

  void highly_mean_and_variable() {
    std::set<int64_t> united;
    for (const auto* part : counts_)
      for (int64_t g : variable_genes(*part, options_.per_section)) united.insert(g);
    choice_.variable = static_cast<int64_t>(united.size());
    candidates_without_prefixes({united.begin(), united.end()});
    if (candidates_.empty()) return take({}, 1);
    const auto stats = candidate_moments();
    if (options_.method == GeneMethod::hmhvg_ranksum) {
      const auto by_mean = ranks(stats.mean), by_deviation = ranks(stats.deviation);
      std::vector<double> score;
      for (size_t i = 0; i < by_mean.size(); ++i)
        score.push_back(-static_cast<double>(by_mean[i] + by_deviation[i]));
      return take(first_by_score(score, options_.count), options_.count);
    }
    choice_.k = options_.k;
    if (options_.reach > 0) {
      choice_.k = options_.reach;
      while (choice_.k < choice_.candidates &&
             static_cast<int64_t>(intersection(stats, choice_.k).size()) < options_.reach)
        ++choice_.k;
    }
    take(intersection(stats, choice_.k), std::max<int64_t>(options_.reach, 1));
  }

  void variable() {
    candidates_without_prefixes(everything());
    std::vector<Counts> parts;
    for (const auto* part : counts_) {
      Counts counts = take_columns(*part, candidates_);
      if (options_.flavour == Flavour::seurat) counts = log1p(normalised(counts, options_.total));
      parts.push_back(std::move(counts));
    }
    std::vector<const Counts*> pointers;
    for (const auto& part : parts) pointers.push_back(&part);
    const auto found = options_.flavour == Flavour::seurat
                           ? seurat_over_sections(parts, options_.count)
                           : seurat_v3_over_sections(pointers, options_.count);
    take(found.chosen, options_.count);
  }

  void listed() {
    const std::string text = read_text(options_.file);
    std::vector<std::string> genes, absent;
    if (text.find_first_not_of(" \t\r\n") != std::string::npos &&
        text[text.find_first_not_of(" \t\r\n")] == '{') {
      genes = read_json(options_.file).at("genes").get<std::vector<std::string>>();
    } else {
      for (auto line : lines_of(text))
        if (!line.empty()) genes.emplace_back(line);
    }
    std::unordered_set<std::string> seen;
    const std::unordered_set<std::string> there(common_.begin(), common_.end());
    for (const auto& gene : genes) {
      if (!seen.insert(gene).second)
        throw Error(options_.file.string(), "names gene '" + gene + "' twice");
      if (!there.contains(gene)) absent.push_back(gene);
    }
    if (genes.empty()) throw Error(options_.file.string(), "names no gene");
    if (!absent.empty())
      throw Error(options_.file.string(),
                  std::to_string(absent.size()) + " of " + std::to_string(genes.size()) +
                      " genes are not in all sections: " + enumerate(absent));
    choice_.genes = std::move(genes);
  }

  const std::vector<const Counts*>& counts_;
  const std::vector<std::string>& common_;
  const GeneOptions& options_;
  std::vector<int64_t> candidates_;
  GeneChoice choice_;
};

}  // namespace choosing

void fields(config::Fields& f, GeneOptions& o) {
  f("method", o.method, "how genes are chosen");
  f("flavour", o.flavour, "hvg: which rule of variability");
  f("scope", o.scope,
    "sections that may choose: those that train in a fold, or all (as papers do: test sections "
    "then take part)");
  f("k", o.k, "hmhvg_intersection: the first k by mean and the first k by standard deviation",
    config::at_least(1));
  f("reach", o.reach, "hmhvg_intersection: the smallest k that gives this many genes; 0: k",
    config::at_least(0));
  f("count", o.count, "hmhvg_ranksum, hvg, mean: number of genes", config::at_least(1));
  f("per_section", o.per_section, "hmhvg: variable genes of a section", config::at_least(1));
  f("exclude_prefixes", o.exclude_prefixes,
    "genes that are never chosen begin so; ~: MT, mt, RP, rp (hmhvg_intersection), MT, mt, RPS, "
    "RPL (hmhvg_ranksum), none (others)");
  f("expressed_in", o.expressed_in, "part of the spots that express a gene, at least",
    config::between(0, 1));
  f("total", o.total, "hvg with seurat: spots are scaled to this sum first", config::above(0));
  f("file", o.file, "list: a gene per line, or JSON with a list 'genes'");
  f.require(o.method != GeneMethod::list || !o.file.empty(), "file", "is needed for method: list");
}

std::vector<std::string> common_genes(const std::vector<Section>& sections) {
  std::map<std::string, size_t> count;
  for (const auto& section : sections)
    for (const auto& gene : section.genes) ++count[gene];
  std::vector<std::string> common;
  for (const auto& [gene, n] : count)
    if (n == sections.size()) common.push_back(gene);
  if (!common.empty()) return common;
  std::vector<std::string> looks;
  for (const auto& section : sections) looks.push_back(section.id + ": " + section.genes.front());
  throw Error("genes", "no gene is in all sections; first names are " + enumerate(looks),
              "symbols in some and Ensembl ids in others? leave those sections out");
}

void restrict_genes(std::vector<Section>& sections, const std::vector<std::string>& genes) {
  for (auto& section : sections) {
    std::unordered_map<std::string, int64_t> at;
    for (size_t i = 0; i < section.genes.size(); ++i)
      at[section.genes[i]] = static_cast<int64_t>(i);
    std::vector<int64_t> kept;
    for (const auto& gene : genes) kept.push_back(at.at(gene));
    keep_genes(section, kept);
  }
}

GeneChoice choose_genes(const std::vector<const Counts*>& counts,
                        const std::vector<std::string>& common, const GeneOptions& options) {
  return choosing::Chooser(counts, common, options).choose();
}

}  // namespace tractrix::spatial
