// Where a bag holds NaN or infinity.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

namespace tractrix::data {

// Index of the first of `count` values that is not finite as float32, or -1. Integers are finite.
int64_t first_not_finite(const void* data, int64_t count, at::ScalarType type);

}  // namespace tractrix::data
