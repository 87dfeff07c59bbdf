#include "tractrix/data/spatial/spatial_config.hpp"

namespace tractrix::spatial {

void fields(config::Fields& f, PatchOptions& o) {
  f("spot_um", o.spot_um, "side of the window over a spot, in micrometres", config::above(0));
  f("size", o.size, "side of stored patches in pixels (Lanczos); 0: as cut out of the image",
    config::between(0, 4096));
  f("niche", o.niche, "store the larger window over the niche, too");
  f("niche_um", o.niche_um, "side of that window; 0: over the furthest members and half a spot",
    config::at_least(0));
  f("tissue", o.tissue,
    "part of either window that tissue must cover, where a file of contours (HEST-1k) says so",
    config::between(0, 1));
  f("format", o.format, "png: lossless; jpeg: with losses, smaller");
  f("quality", o.quality, "jpeg: quality", config::between(1, 100));
}

void fields(config::Fields& f, TargetOptions& o) {
  f("transform", o.transform, "what a model predicts");
  f("total", o.total, "cpm_log1p: sum that every spot is scaled to", config::above(0));
}

void fields(config::Fields& f, SpatialOptions& o) {
  f("name", o.name, "name of the set of sections, for tables and files");
  f("folder", o.folder, "folder (or one file) of the sections");
  f("layout", o.layout, "how the folder is laid out");
  f("sections", o.sections, "sections that are used, in this order; []: all there are");
  f("patients", o.patients, "table with the columns section and patient; ~: from the layout");
  f("images", o.images, "folder of images named by section; ~: where the layout has them");
  f("layer", o.layer, "h5ad: X, raw, or the name of a layer");
  f("genome", o.genome, "10x files of several genomes: which one");
  f("pixel_um", o.pixel_um, "micrometres per pixel of the images; 0: from the files",
    config::at_least(0));
  f("min_genes", o.min_genes, "spots with fewer expressed genes are left out", config::at_least(0));
  f.group("niche", o.niche, "which spots surround a spot");
  f.group("patches", o.patches, "windows that are cut out of the images");
  f.group("genes", o.genes, "which genes are predicted");
  f.group("target", o.target, "what is predicted of them");
  f.required("name", "name: her2st").required("folder", "folder: ../data/her2st");
}

bool SpatialConfig::recognises(const std::filesystem::path& file,
                               const std::vector<std::string>& overrides) {
  return config::load(file, overrides).find("spatial") != nullptr;
}

SpatialConfig SpatialConfig::load(const std::filesystem::path& file,
                                  const std::vector<std::string>& overrides) {
  const auto root = config::load(file, overrides);
  const auto* node = root.find("spatial");
  if (!node) throw Error(file.string(), "has no section 'spatial'");
  SpatialConfig result;
  config::Visit visit;
  {
    config::Fields f(visit, node, "spatial");
    fields(f, result.spatial);
  }
  {
    config::Fields f(visit, root.find("split"), "split");
    fields(f, result.split);
  }
  visit.errors.raise();
  result.resolved = config::dump(visit.rows);
  return result;
}

std::string config_reference() {
  SpatialConfig config;
  config::Visit spatial, split;
  {
    config::Fields f(spatial, nullptr, "spatial");
    fields(f, config.spatial);
  }
  {
    config::Fields f(split, nullptr, "split");
    fields(f, config.split);
  }
  return "## spatial\n\nOf sections of spatial expression (docs/spatial.md).\n\n" +
         config::reference(spatial.rows) + "\n## split of sections\n\n" +
         config::reference(split.rows);
}

}  // namespace tractrix::spatial
