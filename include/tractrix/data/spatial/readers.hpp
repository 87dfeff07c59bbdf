// Files and folders of spatial transcriptomics as Sections. Formats are recognised by content. All
// throw an Error that names the file for what cannot be read; what is left out is noted with its
// count. Every result has passed check_section().
#pragma once

#include <filesystem>
#include <string>

#include "tractrix/data/spatial/section.hpp"

namespace tractrix::spatial {

struct ReadOptions {
  // h5ad: X, raw (raw/X with its own genes) or the name of a layer.
  std::string layer = "X";
  // 10x files of Cell Ranger 1 and 2 with several genomes: which one; "" takes the only one.
  std::string genome = {};
  // 10x files: other features (antibodies, CRISPR guides) are left out and noted.
  std::string feature_type = "Gene Expression";
};

// anndata 0.5 to 0.11: dense, CSR or CSC; categories in both encodings and as records; places from
// obsm/spatial or pixel columns of obs; scale factors from uns/spatial.
Section read_h5ad(const std::filesystem::path& file, const ReadOptions& options = {});
// Matrices of Cell Ranger 1.2 to 3 and later and of Space Ranger, probe matrices too.
Section read_tenx_h5(const std::filesystem::path& file, const ReadOptions& options = {});
// matrix.mtx, features.tsv or genes.tsv, barcodes.tsv; each plain or gzip.
Section read_mex(const std::filesystem::path& folder, const ReadOptions& options = {});
// A folder of Space Ranger: a matrix (h5 or MEX), spatial/ with positions of both generations,
// scale factors, images. Spots under tissue only, as far as the positions say.
Section read_visium(const std::filesystem::path& folder, const ReadOptions& options = {});
// `id` of a folder of ST-cnts, ST-spotfiles and ST-imgs (the her2st repository's layout): spots of
// the count table that are selected in the spot file. image: "" where there is none.
Section read_her2st(const std::filesystem::path& folder, const std::string& id);
// `id` of a HEST-1k folder: st/<id>.h5ad, wsis/<id>.tif, metadata/<id>.json, HEST_v1_*.csv.
Section read_hest(const std::filesystem::path& folder, const std::string& id,
                  const ReadOptions& options = {});

enum class Layout { detect, h5ad, tenx, visium, her2st, hest };
constexpr std::pair<const char*, Layout> kLayouts[] = {
    {"auto", Layout::detect},   {"h5ad", Layout::h5ad},     {"tenx", Layout::tenx},
    {"visium", Layout::visium}, {"her2st", Layout::her2st}, {"hest", Layout::hest}};
constexpr auto& names(Layout) { return kLayouts; }

// An h5ad or 10x file, by content.
bool is_section_file(const std::filesystem::path& file);
// What a folder or file is: throws an Error that says what was looked for.
Layout detect_layout(const std::filesystem::path& path);
// Section `id` of `path`; for a folder of h5ad files, 10x files or Visium folders the id is the
// name below it without an ending.
Section read_section(const std::filesystem::path& path, Layout layout, const std::string& id,
                     const ReadOptions& options = {});
// The ids there are, sorted.
std::vector<std::string> list_sections(const std::filesystem::path& path, Layout layout);

}  // namespace tractrix::spatial
