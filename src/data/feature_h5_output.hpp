// Tensors into HDF5 files.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "tractrix/h5/output.hpp"

namespace tractrix::data {

class H5Output : public h5::Output {
 public:
  using h5::Output::dataset;
  using h5::Output::Output;

  // values [N, D]: float16, float32, int32 or int64 on the CPU, contiguous; chunks as in Output.
  void dataset(const std::string& path, const at::Tensor& values, int64_t chunk_rows = 0);
};

}  // namespace tractrix::data
