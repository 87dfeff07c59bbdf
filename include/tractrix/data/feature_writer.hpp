// Feature files in the layouts of slide extractors, for made-up bags, tests and benchmarks. The
// layouts are facts read off files of TRIDENT a91fa84, CLAM 53e2409 and STAMP 2.5.0 and of
// torch.save (tests/data/feature_files/SOURCE.md).
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

namespace tractrix::data {

enum class FeatureLayout {
  trident,  // features [N, D] float32 in chunks of one row, coords int64 with their attributes
  clam,     // the same chunks, coords int32, no attributes
  stamp,    // feats float16 and coords float32 in micrometres, in one piece
  pt        // torch.save of one float32 tensor; no coords
};

struct FeatureContent {
  at::Tensor features;       // [N, D], finite
  at::Tensor coords = {};    // [N, 2] pixels of the highest level, or undefined
  std::string name = {};     // of the slide
  std::string encoder = {};  // TRIDENT and STAMP keep it
  bool synthetic = false;    // kept in every layout: FeatureInfo::synthetic
  int64_t patch_size = 256;  // pixels at 20x, 0.5 micrometres each
};

// Replaces the file at once. Throws an Error for values that are not finite, float16 overflow
// (stamp) and a file that cannot be written.
void write_features(const std::filesystem::path& file, FeatureLayout layout,
                    const FeatureContent& content);

// One patient's gene bag: features [G, D] and gene_names [G], HDF5.
void write_gene_bag(const std::filesystem::path& file, const FeatureContent& content,
                    const std::vector<std::string>& genes);

}  // namespace tractrix::data
