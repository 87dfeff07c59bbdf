// Losses on vectors that are split into a shared and an own part: MUST (arXiv 2603.26071, Eq. 6 and
// 13 to 15). Rows are examples; every loss is a mean over them.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::losses {

// Over the columns of a row. The paper prints sums; with LayerNormed rows they are two orders
// larger than the survival loss, so that means are what its figures suggest.
enum class RowReduction { sum, mean };

// |a - b|^2: of g and u + c (Eq. 13), of two shared parts (Eq. 14). [B, D]
at::Tensor squared_distance(const at::Tensor& a, const at::Tensor& b, RowReduction reduction);

// |cos(a, b)| (Eq. 15); smooth: sqrt(cos^2 + 1e-8), which has a slope at 0. [B, D]
at::Tensor absolute_cosine(const at::Tensor& a, const at::Tensor& b, bool smooth);

// Eq. 6 as printed: -log h(bin) for an event, without surviving the bins before; -log S(bin) for a
// censored row. logits [B, K].
at::Tensor nll_as_printed(const at::Tensor& logits, const at::Tensor& bin, const at::Tensor& event);

}  // namespace tractrix::losses
