#include "feature_memory.hpp"

#include <ATen/ATen.h>
#include <sys/mman.h>

#include <cstdint>

namespace tractrix::data {

at::Tensor empty_values(at::IntArrayRef sizes, at::ScalarType type) {
  constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
  auto values = at::empty(sizes, type);
#ifdef MADV_HUGEPAGE
  const auto begin = reinterpret_cast<uintptr_t>(values.data_ptr());
  const uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage,
                  last = (begin + values.nbytes()) / kHugePage * kHugePage;
  // Only a wish: a system without huge pages refuses, and nothing is lost.
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
  return values;
}

}  // namespace tractrix::data
