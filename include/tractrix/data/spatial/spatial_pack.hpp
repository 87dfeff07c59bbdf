// One HDF5 file for a set of sections: counts, places, niches, folds with their genes, and patches
// of the images, each compressed by itself and read by one pread.
//
// Layout, version 1 (also readable with h5py): root attributes tractrix_spatial = 1, name, config
// (YAML), program, patch_format, patch_size, transform, total. /genes: names.
// /sections/<id>: attributes patient, format, source, source_sha256, image, image_sha256,
// lattice, pixel_um, spot_window, niche_window (sides in pixels before resizing), notes; barcodes;
// counts/{begin, column, value} (rows = spots, columns = genes; compressed rows), totals (per spot,
// over all genes of the file), place [N, 2] (x, y), array [N, 2] (row, column); niche/{centre,
// begin, member} (members of centre i: begin[i] to begin[i + 1], itself first); labels/<name>/
// {code, names}; spot/{begin, bytes} and niche_image/{begin, bytes}: one image per centre.
// /folds/<k>: train, validation, test (section ids), genes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tractrix/core/json.hpp"
#include "tractrix/core/named.hpp"
#include "tractrix/data/spatial/cohort.hpp"
#include "tractrix/data/spatial/image.hpp"
#include "tractrix/data/spatial/spatial_config.hpp"
#include "tractrix/h5/tree.hpp"

namespace tractrix {
class RawFile;
}

namespace tractrix::spatial {

struct PackSummary {
  int64_t sections = 0, spots = 0, centres = 0, patches = 0, bytes = 0;
  std::vector<std::string> notes;  // "C2: 3 centres ..."
};

// Writes under a temporary name; the file appears when all of it is there. done: 0 to 1. threads:
// that cut out and compress patches.
PackSummary write_spatial_pack(const SpatialConfig& config, SpatialCohort cohort,
                               const std::filesystem::path& file, int64_t threads,
                               const std::function<void(double done)>& progress = {});

// A section as it lies in a pack, without its images.
struct PackedSection {
  std::string id, patient;
  std::vector<std::string> barcodes;
  Counts counts;  // [spots, genes of the pack]
  std::vector<double> totals, x, y;
  std::vector<int64_t> array_row, array_column;
  Niches niches;  // centres and members
  Named<Labels> labels;
  Json attributes;
};

enum class View { spot, niche };

class SpatialPack {
 public:
  static bool recognises(const std::filesystem::path& file);
  // Throws an Error for a file that is damaged, hostile, or no pack of this version.
  explicit SpatialPack(const std::filesystem::path& file);

  const std::vector<std::string>& genes() const { return genes_; }
  const std::vector<PackedSection>& sections() const { return sections_; }
  const std::vector<FoldGenes>& folds() const { return folds_; }  // fold and choice.genes only
  const Json& attributes() const { return tree_.attributes(""); }
  bool has(View view) const;
  // The patch of a centre; any number of threads at once. Throws an Error when it is damaged.
  Pixels patch(size_t section, View view, int64_t centre) const;

 private:
  struct Store {
    std::vector<int64_t> begin;
    uint64_t address = 0;
  };
  PackedSection read_section(const std::string& id);
  Store read_store(const std::string& group, size_t centres) const;

  h5::Tree tree_;
  std::shared_ptr<const RawFile> raw_;
  std::vector<std::string> genes_;
  std::vector<PackedSection> sections_;
  std::vector<FoldGenes> folds_;
  std::vector<std::vector<Store>> stores_;  // per section, per view
};

}  // namespace tractrix::spatial
