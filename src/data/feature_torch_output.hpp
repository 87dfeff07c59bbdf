// Writing one tensor as torch.save does.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>

namespace tractrix::data {

// A member of the archive that says that the tensor is made up; torch.load does not look at it.
constexpr const char* kSyntheticMember = "tractrix_synthetic";

// values [N, D] float32, contiguous, less than 4 GiB.
void write_torch(const std::filesystem::path& file, const at::Tensor& values, bool synthetic);

}  // namespace tractrix::data
