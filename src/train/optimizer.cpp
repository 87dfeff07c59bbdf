#include "tractrix/train/optimizer.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>

#include <set>

#include "optimizer_rules.hpp"

namespace tractrix::train {

const std::vector<std::pair<const char*, OptimizerKind>>& names(OptimizerKind) {
  static const std::vector<std::pair<const char*, OptimizerKind>> all{
      {"sgd", OptimizerKind::sgd},
      {"adam", OptimizerKind::adam},
      {"adamw", OptimizerKind::adamw},
      {"radam", OptimizerKind::radam}};
  return all;
}

void fields(config::Fields& f, LookaheadOptions& o) {
  f("k", o.k, "steps between two synchronisations with the slow weights; 0 turns Lookahead off",
    config::at_least(0));
  f("alpha", o.alpha, "part of the way the slow weights go", config::between(0, 1));
  f("from_start", o.from_start,
    "slow weights start as the initial ones (paper); false: as those of the first synchronisation "
    "(TransMIL)");
}

void fields(config::Fields& f, OptimizerOptions& o) {
  using Kind = OptimizerKind;
  f("kind", o.kind, "update rule; adam adds the decay to the gradient, adamw decays the weights");
  f("momentum", o.momentum, "sgd: momentum", config::from_below(0, 1));
  f("dampening", o.dampening, "sgd: dampening of the momentum", config::between(0, 1));
  f("nesterov", o.nesterov, "sgd: Nesterov's form; needs momentum and no dampening");
  f("betas", o.betas, "adam, adamw, radam: decay of the two moments", config::from_below(0, 1));
  f("eps", o.eps, "adam, adamw, radam: added to the denominator", config::at_least(0));
  f("amsgrad", o.amsgrad, "adam, adamw: divide by the largest second moment so far");
  f("decoupled", o.decoupled, "radam: decay the weights as adamw does (SurvPath, TransMIL)");
  f("weight_decay", o.weight_decay, "weight decay", config::at_least(0));
  f("decay_vectors", o.decay_vectors,
    "false: biases and other tensors of at most one dimension are not decayed");
  f.group("lookahead", o.lookahead, "slow weights that follow the fast ones");
  f.require(o.betas.size() == 2, "betas", "must be two numbers, such as [0.9, 0.999]");
  f.require(!o.nesterov || (o.momentum > 0 && o.dampening == 0), "nesterov",
            "needs momentum above 0 and dampening 0");
  f.require(o.kind == Kind::sgd || (o.momentum == 0 && o.dampening == 0 && !o.nesterov), "kind",
            "must be sgd when momentum, dampening or nesterov is set");
  f.require(!o.amsgrad || o.kind == Kind::adam || o.kind == Kind::adamw, "amsgrad",
            "needs kind adam or adamw");
  f.require(!o.decoupled || o.kind == Kind::radam, "decoupled",
            "is radam's; adamw is adam with decoupled decay");
}

Optimizer::Optimizer(OptimizerOptions options, std::vector<Parameter> parameters)
    : options_(std::move(options)) {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(options_.betas.size() == 2, "an optimizer needs two betas");
  const bool sgd = options_.kind == OptimizerKind::sgd;
  TORCH_CHECK(!parameters.empty(), "an optimizer needs parameters");
  const at::Tensor model = parameters.front().value;
  std::set<std::string> seen;
  for (auto& parameter : parameters) {
    const auto& value = parameter.value;
    TORCH_CHECK(
        value.is_floating_point() && value.is_contiguous() && value.is_leaf() &&
            value.scalar_type() == model.scalar_type() && value.device() == model.device(),
        "the optimizer takes contiguous leaves of one type on one device: ", parameter.name);
    TORCH_CHECK(seen.insert(parameter.name).second, "two parameters named ", parameter.name);
    Slot slot;
    if (!sgd || options_.momentum != 0) slot.first = at::zeros_like(value);
    if (!sgd) slot.second = at::zeros_like(value);
    if (!sgd && options_.amsgrad) slot.largest = at::zeros_like(value);
    if (options_.lookahead.k > 0) slot.slow = value.detach().clone();
    slot.parameter = std::move(parameter);
    slots_.push_back(std::move(slot));
  }
}

void Optimizer::step(double lr) {
  const at::NoGradGuard no_grad;
  std::vector<rules::Group> groups;
  for (auto& slot : slots_) {
    const auto& [name, value, decay] = slot.parameter;
    const auto& grad = value.grad();
    if (!grad.defined()) continue;
    ++slot.step;
    const bool decayed = decay && (options_.decay_vectors || value.dim() > 1);
    const double weight_decay = decayed ? options_.weight_decay : 0;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const rules::Group& g) {
      return g.step == slot.step && g.weight_decay == weight_decay;
    });
    if (group == groups.end())
      group = groups.insert(group, {slot.step, weight_decay, {}, {}, {}, {}, {}});
    group->values.push_back(value);
    group->grads.push_back(grad.contiguous());
    if (slot.first.defined()) group->first.push_back(slot.first);
    if (slot.second.defined()) group->second.push_back(slot.second);
    if (slot.largest.defined()) group->largest.push_back(slot.largest);
  }
  const auto rule = options_.kind == OptimizerKind::sgd     ? rules::sgd
                    : options_.kind == OptimizerKind::radam ? rules::radam
                                                            : rules::adam;
  for (const auto& group : groups) rule(options_, group, lr);
  ++steps_;
  if (options_.lookahead.k > 0 && steps_ % options_.lookahead.k == 0) synchronise();
}

void Optimizer::synchronise() {
  for (auto& slot : slots_) {
    auto& value = slot.parameter.value;
    if (!value.grad().defined()) continue;
    if (slot.syncs++ == 0 && !options_.lookahead.from_start) {
      slot.slow.copy_(value);
    } else {
      slot.slow.lerp_(value, options_.lookahead.alpha);
      value.copy_(slot.slow);
    }
  }
}

void Optimizer::zero_grad() {
  for (auto& slot : slots_) slot.parameter.value.mutable_grad().reset();
}

std::vector<at::Tensor> Optimizer::gradients() const {
  std::vector<at::Tensor> grads;
  for (const auto& slot : slots_) {
    const auto& grad = slot.parameter.value.grad();
    if (grad.defined()) grads.push_back(grad);
  }
  return grads;
}

std::vector<std::string> Optimizer::not_finite() const {
  std::vector<std::string> found;
  for (const auto& slot : slots_) {
    const auto& grad = slot.parameter.value.grad();
    if (grad.defined() && !at::isfinite(grad).all().item<bool>())
      found.push_back(slot.parameter.name);
  }
  return found;
}

}  // namespace tractrix::train
