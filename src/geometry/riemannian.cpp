#include "tractrix/geometry/riemannian.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <set>
#include <utility>

#include "tractrix/core/error.hpp"

namespace tractrix::geometry {
namespace riemannian {

void check(const RiemannianOptions& o) {
  const auto share = [](double x) { return x >= 0 && x < 1; };
  if (!share(o.momentum) || !share(o.beta1) || !share(o.beta2))
    throw Error("RiemannianOptimizer", "expected momentum and betas in [0, 1)");
  if (o.weight_decay < 0 || !(o.eps > 0) || o.stabilize < 0)
    throw Error("RiemannianOptimizer", "expected weight_decay, stabilize >= 0 and eps > 0");
  if (o.nesterov && (o.momentum == 0 || o.dampening != 0))
    throw Error("RiemannianOptimizer", "expected a momentum and no dampening with nesterov");
}

at::Tensor one_per_point(const at::Tensor& x) {
  return at::zeros_like(x.detach().narrow(-1, 0, 1), at::MemoryFormat::Contiguous);
}

}  // namespace riemannian

RiemannianOptimizer::RiemannianOptimizer(const RiemannianOptions& options,
                                         std::vector<ManifoldParameter> parameters)
    : options_(options) {
  riemannian::check(options);
  std::set<std::string> names;
  const bool is_adam = options.rule == RiemannianRule::adam;
  for (auto& parameter : parameters) {
    if (!parameter.manifold || !names.insert(parameter.name).second)
      throw Error("RiemannianOptimizer",
                  "'" + parameter.name + "' has no manifold or appears twice");
    Slot slot{std::move(parameter), at::zeros({}, at::kLong), {}, {}, {}};
    const at::Tensor& x = slot.parameter.value;
    if (is_adam || options.momentum > 0) slot.first = at::zeros_like(x.detach());
    if (is_adam) slot.second = riemannian::one_per_point(x);
    if (is_adam && options.amsgrad) slot.largest = riemannian::one_per_point(x);
    slots_.push_back(std::move(slot));
  }
}

void RiemannianOptimizer::step(double lr) {
  at::NoGradGuard no_grad;
  for (auto& slot : slots_) {
    const at::Tensor gradient = slot.parameter.value.grad();
    if (!gradient.defined()) continue;
    slot.step.add_(1);
    if (options_.rule == RiemannianRule::adam)
      adam(slot, gradient, lr);
    else
      sgd(slot, gradient, lr);
    const int64_t step = slot.step.item<int64_t>();
    if (options_.stabilize == 0 || step % options_.stabilize != 0) continue;
    at::Tensor& x = slot.parameter.value;
    const Manifold& manifold = *slot.parameter.manifold;
    x.copy_(manifold.project(x));
    if (slot.first.defined()) slot.first.copy_(manifold.project_tangent(x, slot.first));
  }
}

void RiemannianOptimizer::sgd(Slot& slot, const at::Tensor& euclidean, double lr) {
  at::Tensor& x = slot.parameter.value;
  const Manifold& manifold = *slot.parameter.manifold;
  at::Tensor direction = manifold.gradient(x, euclidean + options_.weight_decay * x);
  if (!slot.first.defined()) {
    x.copy_(manifold.retract(x, -lr * direction));
    return;
  }
  if (options_.euclidean_start && slot.step.item<int64_t>() == 1) slot.first.copy_(euclidean);
  slot.first.mul_(options_.momentum).add_(direction, 1 - options_.dampening);
  direction = options_.nesterov ? direction + options_.momentum * slot.first : slot.first.clone();
  const at::Tensor next = manifold.retract(x, -lr * direction);
  slot.first.copy_(manifold.transport(x, next, slot.first));
  x.copy_(next);
}

void RiemannianOptimizer::adam(Slot& slot, const at::Tensor& euclidean, double lr) {
  at::Tensor& x = slot.parameter.value;
  const Manifold& manifold = *slot.parameter.manifold;
  x.copy_(manifold.project(x));
  const at::Tensor gradient = manifold.gradient(x, euclidean + options_.weight_decay * x);
  slot.first.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
  slot.second.mul_(options_.beta2).add_(manifold.squared_norm(x, gradient), 1 - options_.beta2);
  if (options_.amsgrad) slot.largest.copy_(at::maximum(slot.largest, slot.second));
  const double t = static_cast<double>(slot.step.item<int64_t>());
  const double first = 1 - std::pow(options_.beta1, t), second = 1 - std::pow(options_.beta2, t);
  const at::Tensor& scale = options_.amsgrad ? slot.largest : slot.second;
  const at::Tensor direction = slot.first / first / ((scale / second).sqrt() + options_.eps);
  const at::Tensor next = manifold.retract(x, -lr * direction);
  slot.first.copy_(manifold.transport(x, next, slot.first));
  x.copy_(next);
}

void RiemannianOptimizer::zero_grad() {
  for (auto& slot : slots_) slot.parameter.value.mutable_grad() = at::Tensor();
}

Tensors RiemannianOptimizer::buffers(const Slot& slot) const {
  Tensors all{{"step", slot.step}};
  const bool is_adam = options_.rule == RiemannianRule::adam;
  if (slot.first.defined()) all[is_adam ? "exp_avg" : "momentum"] = slot.first;
  if (slot.second.defined()) all["exp_avg_sq"] = slot.second;
  if (slot.largest.defined()) all["max_exp_avg_sq"] = slot.largest;
  return all;
}

Tensors RiemannianOptimizer::state() const {
  Tensors all;
  for (const auto& slot : slots_)
    for (const auto& [key, tensor] : buffers(slot))
      all["riemannian/" + key + "/" + slot.parameter.name] = tensor;
  return all;
}

void RiemannianOptimizer::restore(const Tensors& state) {
  at::NoGradGuard no_grad;
  const Tensors own = this->state();
  for (const auto& [key, tensor] : own) {
    const at::Tensor* stored = state.find(key);
    if (!stored || stored->sizes() != tensor.sizes())
      throw Error("RiemannianOptimizer", "the state lacks " + key + " or has another shape of it");
  }
  for (const auto& [key, tensor] : own) at::Tensor(tensor).copy_(state.at(key));
}

}  // namespace tractrix::geometry
