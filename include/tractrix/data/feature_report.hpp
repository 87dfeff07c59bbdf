// `tractrix data info`: reads a file whole and says what it holds.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>

#include "tractrix/core/json.hpp"

namespace tractrix::data {

// kind, rows, columns, dtype, encoder, coords, sum, weighted_sum, first, last, sha256, warnings; by
// kind also tensors, patients, names, values (yaml) or columns (tables). HDF5 and torch.save files
// are recognised by content; safetensors, YAML and CSV (also gzip) by the name's ending. Throws an
// Error for everything that a training run would refuse: also values that are not finite.
Json feature_report(const std::filesystem::path& file);

// A report as lines for people, without the file's name.
std::string feature_report_text(const Json& report);

// shape, dtype (as numpy names it), sum of all values, weighted_sum = sum of value * (i mod 97 + 1)
// over the row-major index i (finds a wrong order), first and last four values. Sums are
// compensated in extended precision: good to 1e-12 of the sum of absolute terms, whatever the
// number of values.
Json tensor_digest(const at::Tensor& tensor);

}  // namespace tractrix::data
