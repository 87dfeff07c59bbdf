// Opening an HDF5 file that is a descriptor already, so that the library never opens one itself.
#pragma once

#include <hdf5.h>

#include <cstdint>

namespace tractrix::h5 {

// Read-only; the file is closed with everything in it (H5F_CLOSE_STRONG). Negative when the library
// refuses it. One file at a time.
hid_t open_descriptor(int descriptor, uint64_t size);

}  // namespace tractrix::h5
