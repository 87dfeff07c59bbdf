// Memory for values that a file is about to fill.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::data {

// As at::empty, on huge pages where the system gives them on request: a bag of 15,000 patches is
// 60 MB, and faulting it in as 4 KB pages takes longer than copying its bytes out of the page cache
// (35 ms against 13 in one pread, measured).
at::Tensor empty_values(at::IntArrayRef sizes, at::ScalarType type);

}  // namespace tractrix::data
