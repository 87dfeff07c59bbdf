// A whole HDF5 feature file as one description, made inside the sandbox.
#pragma once

#include <cstdint>
#include <string>

#include "tractrix/core/json.hpp"

namespace tractrix::data::h5 {

// {"members": [...], "attributes": {"/": {}, ...}, "sets": {"features": {dims, type, chunk, ...},
// ...}}; sets of patients in groups are called "patient/features".
Json describe(const std::string& path, uint64_t file_size);

}  // namespace tractrix::data::h5
