// Attention of predictions slide by slide, with the patches' places, and as one HDF5 file.
//
// Layout: root attribute tractrix_attention = 1; /fold_<k>/<input>/<slide>/attention [rows, N]
// float32, a row per head, class or gene group as the recipe has them, and, where the features have
// coordinates, coords [N, 2] in the order of the slide's patches (pixels of level 0, as slide
// extractors write them) with the attributes patch_size_level0 and patch_size_from: "file", or
// "coordinates" where the file does not say and it is the smallest step between them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tractrix/data/cohort.hpp"

namespace tractrix::data {

class H5Output;

struct SlideAttention {
  std::string slide;
  at::Tensor weights;     // [rows, N] float32 on the CPU
  at::Tensor coords;      // [N, 2], or undefined
  double patch_size = 0;  // in the unit of coords; 0 without coordinates, or where all are equal
  bool patch_size_from_file = false;
};

// attention: [rows, N] over all patches of a patient's slides, one after the other. where: for the
// Error when N is another number.
std::vector<SlideAttention> by_slide(const BagInput& bags, size_t patient,
                                     const at::Tensor& attention, const std::string& where);

// The smallest difference above 0 between two values of a column of coordinates [N, 2]; 0: none.
double coordinate_step(const at::Tensor& coords);

// Writes under a temporary name; the file appears under its own name at finish() or not at all.
class AttentionWriter {
 public:
  explicit AttentionWriter(const std::filesystem::path& file);
  ~AttentionWriter();
  AttentionWriter(const AttentionWriter&) = delete;
  AttentionWriter& operator=(const AttentionWriter&) = delete;

  void add(int64_t fold, const std::string& input, const SlideAttention& slide);
  void finish();

 private:
  std::filesystem::path file_, temporary_;
  std::unique_ptr<H5Output> output_;
};

}  // namespace tractrix::data
