// One data set of an HDF5 file: what the sandbox found out about it, and its values.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "feature_source.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/safetensors.hpp"
#include "tractrix/core/sandbox.hpp"
#include "tractrix/h5/library.hpp"

namespace tractrix::data::hdf5 {

constexpr uint64_t kMostReply = uint64_t{64} << 20;

// A data set's description, out of the sandbox.
struct Set {
  std::string path, type;
  std::vector<int64_t> dims, chunk;
  std::vector<std::string> filters;
  bool swapped = false, plain = false;
  uint64_t bytes = 0, element = 0, address = 0, header = 0;

  bool text() const { return type.rfind("text", 0) == 0; }
  bool real() const { return type == "f16" || type == "bf16" || type == "f32" || type == "f64"; }
  Dtype dtype() const;
};

Set to_set(const std::string& path, const Json& json);
std::string shape_text(const std::vector<int64_t>& dims);

// The reply of a work that makes Json, in the sandbox.
Json ask(const std::string& file, const SandboxLimits& limits, const std::function<Json()>& work);

// Inside the sandbox: opens "a/b" link by link and inspects it.
void with_set(const std::string& file, uint64_t size, const std::string& path,
              const std::function<void(hid_t, const h5::Shape&)>& use);

// All values in their stored type and shape, native byte order.
StoredValues load(const std::filesystem::path& path, const Set& set);
// values[part]: without the rest where they lie in one piece.
StoredValues load_part(const std::filesystem::path& path, const Set& set, int64_t part);

}  // namespace tractrix::data::hdf5
