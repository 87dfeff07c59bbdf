#include "optimizer_rules.hpp"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/full.h>

#include <cmath>

namespace tractrix::train::rules {
namespace {

// The fused kernels want a float tensor per parameter and only read it, so one serves the group.
std::vector<at::Tensor> step_counts(const Group& group) {
  const auto count =
      at::full({}, static_cast<double>(group.step),
               group.values.front().options().dtype(at::kFloat).requires_grad(false));
  return std::vector<at::Tensor>(group.values.size(), count);
}

struct Rates {
  double lr, weight_decay, eps;
};

void fused_adam(const OptimizerOptions& options, const Group& group, bool decoupled,
                const Rates& rates) {
  const auto update = decoupled ? at::_ops::_fused_adamw_::call : at::_ops::_fused_adam_::call;
  update(group.values, group.grads, group.first, group.second, group.largest, step_counts(group),
         rates.lr, options.betas[0], options.betas[1], rates.weight_decay, rates.eps,
         options.amsgrad, /*maximize=*/false, {}, {});
}

// RAdam before its variance is tractable: a step of momentum without a denominator, lr / (1 -
// beta1^t) * m.
void momentum_step(const OptimizerOptions& options, const Group& group, double lr) {
  const double beta1 = options.betas[0], beta2 = options.betas[1];
  auto grads = group.grads;
  if (group.weight_decay != 0 && options.decoupled) {
    at::_foreach_mul_(group.values, 1 - lr * group.weight_decay);
  } else if (group.weight_decay != 0) {
    grads = at::_foreach_add(grads, group.values, group.weight_decay);
  }
  at::_foreach_lerp_(group.first, grads, 1 - beta1);
  at::_foreach_mul_(group.second, beta2);
  at::_foreach_addcmul_(group.second, grads, grads, 1 - beta2);
  const double correction = 1 - std::pow(beta1, static_cast<double>(group.step));
  at::_foreach_add_(group.values, group.first, -lr / correction);
}

}  // namespace

void sgd(const OptimizerOptions& options, const Group& group, double lr) {
  at::_fused_sgd_(group.values, group.grads, group.first, group.weight_decay, options.momentum, lr,
                  options.dampening, options.nesterov, /*maximize=*/false,
                  /*is_first_step=*/group.step == 1);
}

void adam(const OptimizerOptions& options, const Group& group, double lr) {
  fused_adam(options, group, options.kind == OptimizerKind::adamw,
             {lr, group.weight_decay, options.eps});
}

void radam(const OptimizerOptions& options, const Group& group, double lr) {
  const double beta2 = options.betas[1], t = static_cast<double>(group.step);
  const double power = std::pow(beta2, t);
  const double longest = 2 / (1 - beta2) - 1;
  const double length = longest - 2 * t * power / (1 - power);
  if (length <= 5) return momentum_step(options, group, lr);
  // lr r sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps) is an Adam step of rate lr r and
  // eps / sqrt(1 - beta2^t); the decoupled decay lr * weight_decay must not see r.
  const double r =
      std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
  const double decay = options.decoupled ? group.weight_decay / r : group.weight_decay;
  fused_adam(options, group, options.decoupled,
             {lr * r, decay, options.eps / std::sqrt(1 - power)});
}

}  // namespace tractrix::train::rules
