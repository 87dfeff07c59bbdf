// Attention between many rows and few, whose scores are never kept: on the CPU in float and double
// by own kernels (kernels/attention.hpp) that compute them again in the backward, so that memory
// grows with the rows alone; elsewhere by stock operators. Differentiable once.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::nn {

// softmax(q k^T) v for q [B, heads, n, e] over few keys k, v [B, heads, m, e]; key 0 counts
// `weight` times (0: as once). Returns [B, heads, n, e].
at::Tensor attend_few(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                      int64_t weight = 0);

// softmax(q k^T) v for few queries q [B, heads, m, e] over k, v [B, heads, n, e] and `zeros` more
// keys and values that are zero. Returns [B, heads, m, e].
at::Tensor attend_many(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                       int64_t zeros = 0);

// Each head's rows x [B, heads, n, e] filtered along n by its weight [heads, 1, taps, 1] (odd):
// y(i) = sum over t of w(t) x(i + t - taps / 2), zeros beyond the ends.
at::Tensor filter_rows(const at::Tensor& x, const at::Tensor& weight);

// Tokens x [B, height * width, D] filtered over their grid by weight [D, 1, size, size] (odd),
// zeros around it, plus bias [D].
at::Tensor filter_grid(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t height, int64_t width);

}  // namespace tractrix::nn
