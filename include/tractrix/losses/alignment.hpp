// How near a translated representation is to the encoded one: CMTA (Zhou & Chen, ICCV 2023,
// equation 19; utils/loss.py, commit 31340f6). The reference's engine stops the gradient of the
// encoded side.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::losses {

enum class Similarity {
  l1,     // mean absolute difference (published runs)
  mse,    // mean squared difference
  kl,     // KL(softmax(target) || softmax(estimate)), summed over rows and columns
  cosine  // 1 - cosine, mean over the rows
};

// target, estimate [B, D] -> scalar, 0 where both are equal.
at::Tensor alignment(const at::Tensor& target, const at::Tensor& estimate, Similarity similarity);

// Cosine of each pair of rows, [B]; 0 for a row of zeros.
at::Tensor cosine_rows(const at::Tensor& a, const at::Tensor& b);

// The orthogonal loss of the same file, [B]: p and p_hat, g and g_hat along one line, the other
// pairs (weight gamma) at right angles. p and g receive a gradient from their own pair only. The
// reference defines it, but its engine cannot run it (it hands over two of the four tensors).
at::Tensor orthogonal_rows(const at::Tensor& p, const at::Tensor& p_hat, const at::Tensor& g,
                           const at::Tensor& g_hat, double gamma);

}  // namespace tractrix::losses
