// The sections `spatial` and `split` of a config: which sections there are and what is made of
// them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/config/document.hpp"
#include "tractrix/config/fields.hpp"
#include "tractrix/data/spatial/expression.hpp"
#include "tractrix/data/spatial/gene_choice.hpp"
#include "tractrix/data/spatial/niches.hpp"
#include "tractrix/data/spatial/readers.hpp"
#include "tractrix/data/spatial/section_splits.hpp"

namespace tractrix::spatial {

enum class PatchFormat { png, jpeg };
constexpr std::pair<const char*, PatchFormat> kPatchFormats[] = {{"png", PatchFormat::png},
                                                                 {"jpeg", PatchFormat::jpeg}};
constexpr auto& names(PatchFormat) { return kPatchFormats; }

struct PatchOptions {
  double spot_um = 112;  // side; never less than the spot itself
  int64_t size = 224;    // pixels after resizing; 0: as cut out
  bool niche = true;     // the larger window over the niche, too
  double niche_um = 0;   // its side; 0: from the niches (HyperST's rule)
  double tissue = 0.15;  // part of both windows that tissue covers, where contours are known
  PatchFormat format = PatchFormat::png;
  int64_t quality = 95;  // jpeg
};
void fields(config::Fields& f, PatchOptions& o);

struct TargetOptions {
  Transform transform = Transform::log2p1;
  double total = 1e4;
};
void fields(config::Fields& f, TargetOptions& o);

struct SpatialOptions {
  std::string name;
  std::filesystem::path folder;
  Layout layout = Layout::detect;
  std::vector<std::string> sections;  // empty: all there are
  std::filesystem::path patients;     // CSV with the columns section and patient
  std::filesystem::path images;       // folder of images named by section; "": the layout's
  std::string layer = "X", genome;
  double pixel_um = 0;  // 0: from the files
  int64_t min_genes = 1;
  NicheOptions niche;
  PatchOptions patches;
  GeneOptions genes;
  TargetOptions target;
};
void fields(config::Fields& f, SpatialOptions& o);

struct SpatialConfig {
  SpatialOptions spatial;
  SectionSplitOptions split;
  std::string resolved;  // as YAML, with origins

  static bool recognises(const std::filesystem::path& file,
                         const std::vector<std::string>& overrides);
  static SpatialConfig load(const std::filesystem::path& file,
                            const std::vector<std::string>& overrides);
};

// Every key as Markdown.
std::string config_reference();

}  // namespace tractrix::spatial
