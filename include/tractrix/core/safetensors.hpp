// The safetensors format as bytes (no torch). Every offset is checked: tensors must tile the data
// without holes, overlap or trailing bytes, the header is at most 100 MB, and nothing in a file is
// ever executed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tractrix/core/named.hpp"

namespace tractrix {

enum class Dtype { f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

size_t bytes_of(Dtype dtype);
const char* name_of(Dtype dtype);  // as in the file: "F64", "BOOL"

struct TensorBytes {
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> shape;  // row-major
  std::string_view bytes;      // little-endian
  int64_t elements() const;
};

// A whole file in memory; the views point into it.
class Safetensors {
 public:
  // Throws an Error that names the file and the defect.
  static Safetensors read(const std::filesystem::path& file);
  static Safetensors parse(std::string bytes, const std::string& where);

  const Named<TensorBytes>& tensors() const { return tensors_; }
  const Named<std::string>& metadata() const { return metadata_; }

 private:
  std::string bytes_;
  Named<TensorBytes> tensors_;
  Named<std::string> metadata_;
};

// Written atomically, tensors in the given order, data aligned to 8 bytes.
void write_safetensors(const std::filesystem::path& file, const Named<TensorBytes>& tensors,
                       const Named<std::string>& metadata = {});

}  // namespace tractrix
