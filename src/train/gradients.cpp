#include "tractrix/train/gradients.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "tractrix/core/error.hpp"
#include "tractrix/train/optimizer.hpp"

namespace tractrix::train {

at::Tensor grad_norm(at::TensorList grads) {
  const at::NoGradGuard no_grad;
  if (grads.empty()) return at::zeros({});
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(grads, 2)), 2);
}

void clip_grads(at::TensorList grads, const at::Tensor& norm, double most) {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(most > 0, "the largest gradient norm must be above 0");
  if (grads.empty()) return;
  const auto factor = (most / (norm + 1e-6)).clamp_max(1.0);
  // On the CPU the value is at hand, and a factor of one would cost a pass over all gradients.
  if (factor.is_cpu() && factor.item<double>() == 1) return;
  at::_foreach_mul_(grads, factor);
}

at::Tensor clip_grad_norm(at::TensorList grads, double most) {
  auto norm = grad_norm(grads);
  clip_grads(grads, norm, most);
  return norm;
}

void require_finite(const at::Tensor& loss, const at::Tensor& norm, const Optimizer& optimizer,
                    const std::string& where) {
  const at::NoGradGuard no_grad;
  const auto both =
      at::stack({loss.detach().to(at::kDouble), norm.to(loss.device(), at::kDouble)}).to(at::kCPU);
  const double values[2] = {both[0].item<double>(), both[1].item<double>()};
  if (std::isfinite(values[0]) && std::isfinite(values[1])) return;
  std::string what = "the loss is " + std::to_string(values[0]) + " and the gradient norm is " +
                     std::to_string(values[1]);
  const auto broken = optimizer.not_finite();
  if (!broken.empty()) what += "; not finite: the gradients of " + enumerate(broken);
  throw Error(where, what,
              "lower train.lr, clip the gradients or look for extreme values in the inputs");
}

}  // namespace tractrix::train
