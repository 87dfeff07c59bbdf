// The iterative Moore-Penrose inverse of Nystrom attention (Razavi et al. 2014, as Xiong et al.
// 2021 use it): z <- z (13 - x z (15 - x z (7 - x z))) / 4 from z = x^T / s, and two forms of it
// that need fewer operations for the same numbers.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::nn {

constexpr int64_t kPinvIterations = 6;

// s: the largest row sum times the largest column sum of |x| over the WHOLE tensor [..., m, m], so
// the samples of a batch touch each other (reference). A scalar tensor.
at::Tensor pinv_scale(const at::Tensor& x);

// z after the iterations, [..., m, m].
at::Tensor iterative_pinv(const at::Tensor& x, int64_t iterations = kPinvIterations);

// z v for v [..., m, e] and scale s, without forming z; with s = pinv_scale(x) it is
// iterative_pinv(x) v. x z is a polynomial of x x^T, hence
// symmetric, and only its products with v are needed: 2 products of m x m per iteration instead of
// 4, and an analytic backward with 3 instead of 8 (27 of 72 in all). Differentiable once.
at::Tensor pinv_times(const at::Tensor& x, const at::Tensor& v, const at::Tensor& scale,
                      int64_t iterations = kPinvIterations);

}  // namespace tractrix::nn
