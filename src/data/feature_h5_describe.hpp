// A whole HDF5 feature file as one description, made inside the sandbox.
#pragma once

#include <hdf5.h>

#include <cstdint>

#include "tractrix/core/json.hpp"

namespace tractrix::data::hdf5 {

// {"members": [...], "attributes": {"/": {}, ...}, "sets": {"features": {dims, type, chunk, ...},
// ...}}; sets of patients in groups are called "patient/features". Closes the file.
Json describe(hid_t opened, uint64_t file_size);

}  // namespace tractrix::data::hdf5
