#include "tractrix/nn/shared_cross_attention.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace tractrix::nn {

SharedCrossAttentionImpl::SharedCrossAttentionImpl(int64_t dim) : dim_(dim) {
  const auto add = [&](const char* name) {
    return register_module(name, torch::nn::Linear(torch::nn::LinearOptions(dim, dim).bias(false)));
  };
  u_ = add("u");
  v_ = add("v");
  w_p_ = add("w_p");
  w_g_ = add("w_g");
}

SharedCrossOutput SharedCrossAttentionImpl::forward(const at::Tensor& patches,
                                                    const at::Tensor& groups) {
  TORCH_CHECK(patches.dim() == 3 && groups.dim() == 3 && patches.size(0) == groups.size(0),
              "SharedCrossAttention: patches must be [B, N, D] and groups [B, K, D]");
  const at::Tensor asked = v_->forward(groups).matmul(u_->weight);  // [B, K, dim]
  const at::Tensor scores =
      patches.matmul(asked.transpose(1, 2)) / std::sqrt(static_cast<double>(dim_));  // [B, N, K]
  return {{scores.softmax(2), w_g_->forward(groups)},
          w_p_->forward(scores.transpose(1, 2).softmax(2).matmul(patches)),
          scores};
}

}  // namespace tractrix::nn
