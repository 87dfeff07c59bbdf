// From the rows of a bag to one row.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::nn {

at::Tensor mean_pool(const at::Tensor& bag);  // [N, D] -> [1, D]; N >= 1
at::Tensor max_pool(const at::Tensor& bag);  // [N, D] -> [1, D], every column's own maximum; N >= 1

struct AttentionPooled {
  at::Tensor pooled;   // [heads, D] = weights * bag
  at::Tensor weights;  // [heads, N], softmax over the rows
};
AttentionPooled attention_pool(const at::Tensor& bag,
                               const at::Tensor& scores);  // [N, D], [N, heads]

}  // namespace tractrix::nn
