// Rows that lie in the span of a few others.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::nn {

// x [B, n, dim] = coefficients [B, n, r] basis [B, r, dim]
struct Factored {
  at::Tensor coefficients, basis;
  at::Tensor product() const { return coefficients.matmul(basis); }
};

}  // namespace tractrix::nn
