#include "tractrix/nn/pooling.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {

at::Tensor mean_pool(const at::Tensor& bag) {
  TORCH_CHECK(bag.dim() == 2 && bag.size(0) > 0, "mean_pool: the bag must be [N, D] with N >= 1");
  return bag.mean(0, true);
}

at::Tensor max_pool(const at::Tensor& bag) {
  TORCH_CHECK(bag.dim() == 2 && bag.size(0) > 0, "max_pool: the bag must be [N, D] with N >= 1");
  return std::get<0>(bag.max(0, true));
}

AttentionPooled attention_pool(const at::Tensor& bag, const at::Tensor& scores) {
  TORCH_CHECK(bag.dim() == 2 && scores.dim() == 2 && bag.size(0) == scores.size(0),
              "attention_pool: the bag must be [N, D] and the scores [N, heads]");
  const at::Tensor weights = scores.t().softmax(1);  // [heads, N]
  return {weights.matmul(bag), weights};
}

}  // namespace tractrix::nn
