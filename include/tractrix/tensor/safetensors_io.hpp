// Safetensors files <-> named tensors.
#pragma once

#include <filesystem>

#include "tractrix/core/safetensors.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix {

at::ScalarType scalar_type(Dtype dtype);
Dtype dtype_of(
    at::ScalarType type);  // throws an Error for types the format lacks (complex, quantised)

// Copies: the tensors own their memory.
Tensors to_tensors(const Safetensors& file);
Tensors read_tensors(const std::filesystem::path& file);

// Atomic. Tensors may live on any device and have any strides.
void write_tensors(const std::filesystem::path& file, const Tensors& tensors,
                   const Named<std::string>& metadata = {});

}  // namespace tractrix
