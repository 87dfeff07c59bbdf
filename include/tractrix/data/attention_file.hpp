// Attention of predictions as one HDF5 file, slide by slide, with the patches' places.
//
// Layout: root attribute tractrix_attention = 1; /fold_<k>/<input>/<slide>/attention [heads, N]
// float32 and, where the features have them, coords [N, 2] in the order of the slide's patches.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "tractrix/data/cohort.hpp"

namespace tractrix::data {

class H5Output;

// Writes under a temporary name; the file appears under its own name at finish() or not at all.
class AttentionWriter {
 public:
  explicit AttentionWriter(const std::filesystem::path& file);
  ~AttentionWriter();
  AttentionWriter(const AttentionWriter&) = delete;
  AttentionWriter& operator=(const AttentionWriter&) = delete;

  // attention: [heads, N] over all patches of a patient's slides, one after the other. Throws an
  // Error when N is another number.
  void add(int64_t fold, const std::string& input, const BagInput& bags, size_t patient,
           const at::Tensor& attention);
  void finish();

 private:
  std::filesystem::path file_, temporary_;
  std::unique_ptr<H5Output> output_;
};

}  // namespace tractrix::data
