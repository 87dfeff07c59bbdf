#include "feature_h5_output.hpp"

#include <ATen/ATen.h>

#include "tractrix/tensor/safetensors_io.hpp"

namespace tractrix::data {

void H5Output::dataset(const std::string& path, const at::Tensor& values, int64_t chunk_rows) {
  dataset(path, dtype_of(values.scalar_type()), values.sizes().vec(), values.const_data_ptr(),
          chunk_rows);
}

}  // namespace tractrix::data
