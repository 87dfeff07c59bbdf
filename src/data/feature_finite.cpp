#include "feature_finite.hpp"

#include <cmath>
#include <limits>

namespace tractrix::data {
namespace finite {

// The exponent bits of a 16-bit or 32-bit float are all ones: NaN or infinity.
//
// Whole blocks first: their loop has a fixed length, which compilers turn into vector code at -O2.
template <class Bits>
int64_t first_with(const Bits* values, int64_t count, Bits mask) {
  constexpr int64_t kBlock = 4096;
  int64_t start = 0;
  for (bool good = true; good && start + kBlock <= count;) {
    Bits bad = 0;
    for (int64_t i = 0; i < kBlock; ++i) bad |= (values[start + i] & mask) == mask ? 1 : 0;
    good = bad == 0;
    if (good) start += kBlock;
  }
  for (; start < count; ++start)
    if ((values[start] & mask) == mask) return start;
  return -1;
}

int64_t first_double(const double* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i)  // NaN fails the comparison, too
    if (!(std::fabs(values[i]) <= std::numeric_limits<float>::max())) return i;
  return -1;
}

}  // namespace finite

int64_t first_not_finite(const void* data, int64_t count, at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return finite::first_with(static_cast<const uint32_t*>(data), count, 0x7F800000u);
    case at::kHalf:
      return finite::first_with<uint16_t>(static_cast<const uint16_t*>(data), count, 0x7C00);
    case at::kBFloat16:
      return finite::first_with<uint16_t>(static_cast<const uint16_t*>(data), count, 0x7F80);
    case at::kDouble:
      return finite::first_double(static_cast<const double*>(data), count);
    default:
      return -1;  // integers are finite
  }
}

}  // namespace tractrix::data
