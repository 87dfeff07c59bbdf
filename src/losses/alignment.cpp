#include "tractrix/losses/alignment.hpp"

#include <ATen/ATen.h>

namespace tractrix::losses {
namespace {

void check_pair(const at::Tensor& a, const at::Tensor& b) {
  TORCH_CHECK(a.dim() == 2 && a.sizes() == b.sizes(),
              "alignment: both sides must be [B, D] of the same sizes");
}

}  // namespace

at::Tensor cosine_rows(const at::Tensor& a, const at::Tensor& b) {
  check_pair(a, b);
  return at::cosine_similarity(a, b, 1);
}

at::Tensor alignment(const at::Tensor& target, const at::Tensor& estimate, Similarity similarity) {
  check_pair(target, estimate);
  switch (similarity) {
    case Similarity::l1:
      return (estimate - target).abs().mean();
    case Similarity::mse:
      return (estimate - target).square().mean();
    case Similarity::kl: {
      // In logarithms throughout: the reference's log of a softmax is -inf for far-away values.
      const at::Tensor log_target = target.log_softmax(1);
      return (log_target.exp() * (log_target - estimate.log_softmax(1))).sum();
    }
    case Similarity::cosine:
      return (1 - cosine_rows(target, estimate)).mean();
  }
  TORCH_CHECK(false, "unknown similarity");
}

at::Tensor orthogonal_rows(const at::Tensor& p, const at::Tensor& p_hat, const at::Tensor& g,
                           const at::Tensor& g_hat, double gamma) {
  const at::Tensor p_fixed = p.detach(), g_fixed = g.detach();
  const at::Tensor same =
      2 - cosine_rows(p_fixed, p_hat).abs() - cosine_rows(g_fixed, g_hat).abs();  // [B]
  const at::Tensor other = cosine_rows(p, g).abs() + cosine_rows(p_fixed, g_hat).abs() +
                           cosine_rows(g_fixed, p_hat).abs();  // [B]
  return same + gamma * other;
}

}  // namespace tractrix::losses
