// Which genes a model predicts.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/config/fields.hpp"
#include "tractrix/data/spatial/section.hpp"

namespace tractrix::spatial {

enum class GeneMethod {
  hmhvg_intersection,  // HyperST: variable in a section, and among the first k by mean and by
                       // standard deviation of the counts; as many as that gives
  hmhvg_ranksum,       // TRIPLEX: variable in a section, smallest sum of both ranks
  hvg,                 // most variable, over the sections
  mean,                // highest mean
  list                 // names from a file
};
constexpr std::pair<const char*, GeneMethod> kGeneMethods[] = {
    {"hmhvg_intersection", GeneMethod::hmhvg_intersection},
    {"hmhvg_ranksum", GeneMethod::hmhvg_ranksum},
    {"hvg", GeneMethod::hvg},
    {"mean", GeneMethod::mean},
    {"list", GeneMethod::list}};
constexpr auto& names(GeneMethod) { return kGeneMethods; }

enum class Flavour { seurat, seurat_v3 };
constexpr std::pair<const char*, Flavour> kFlavours[] = {{"seurat", Flavour::seurat},
                                                         {"seurat_v3", Flavour::seurat_v3}};
constexpr auto& names(Flavour) { return kFlavours; }

enum class Scope { training, all };
constexpr std::pair<const char*, Scope> kScopes[] = {{"training", Scope::training},
                                                     {"all", Scope::all}};
constexpr auto& names(Scope) { return kScopes; }

struct GeneOptions {
  GeneMethod method = GeneMethod::hmhvg_intersection;
  Flavour flavour = Flavour::seurat;
  Scope scope = Scope::training;
  int64_t k = 300;             // hmhvg_intersection: first k by mean and by deviation
  int64_t reach = 0;           // hmhvg_intersection: smallest k that gives this many; 0: k
  int64_t count = 200;         // hmhvg_ranksum, hvg, mean: number of genes
  int64_t per_section = 2000;  // hmhvg: variable genes of a section
  // none: MT, mt, RP, rp for hmhvg_intersection; MT, mt, RPS, RPL for hmhvg_ranksum
  std::optional<std::vector<std::string>> exclude_prefixes = {};
  double expressed_in = 0;  // part of all spots that express a candidate, at least
  double total = 1e4;       // hvg, seurat: spots are scaled to this sum before the logarithm
  std::filesystem::path file = {};  // list: one name per line, or JSON with "genes"
};
void fields(config::Fields& f, GeneOptions& o);

struct GeneChoice {
  std::vector<std::string> genes;  // sorted; list: as in the file
  int64_t common = 0;              // genes of all sections
  int64_t variable = 0;            // hmhvg: variable in at least one section
  int64_t candidates = 0;          // of these, without an excluded prefix
  int64_t k = 0;                   // hmhvg_intersection: the k that was used
  std::string sha256;              // of the names, one per line
};

// Genes of all sections, sorted. Throws an Error when there is none, with what the names look like.
std::vector<std::string> common_genes(const std::vector<Section>& sections);
// Every section with exactly these genes in this order.
void restrict_genes(std::vector<Section>& sections, const std::vector<std::string>& genes);

// counts: sections whose columns are `common`, as restrict_genes leaves them. Throws an Error when
// fewer genes qualify than are asked for, or a listed gene is not there.
GeneChoice choose_genes(const std::vector<const Counts*>& counts,
                        const std::vector<std::string>& common, const GeneOptions& options);

}  // namespace tractrix::spatial
