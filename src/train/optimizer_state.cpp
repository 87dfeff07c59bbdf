// The optimizer's state as named tensors.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>

#include "tractrix/train/optimizer.hpp"

namespace tractrix::train {
namespace optimizer_state {

constexpr const char* kPrefix = "optimizer/";

at::Tensor counter(int64_t value) { return at::scalar_tensor(value, at::kLong); }

// What stands against an entry, or "".
std::string complaint(const at::Tensor& wanted, const at::Tensor* found) {
  if (!found) return "is missing";
  if (found->sizes() != wanted.sizes())
    return "has shape " + c10::str(found->sizes()) + ", expected " + c10::str(wanted.sizes());
  if (found->scalar_type() != wanted.scalar_type())
    return std::string("holds ") + c10::toString(found->scalar_type()) + ", expected " +
           c10::toString(wanted.scalar_type());
  return "";
}

}  // namespace optimizer_state

Tensors Optimizer::buffers(const OptimizerOptions& options, const Slot& slot) {
  const auto& name = slot.parameter.name;
  const bool sgd = options.kind == OptimizerKind::sgd;
  Tensors all;
  const auto add = [&](const char* kind, const at::Tensor& value) {
    if (value.defined()) all[optimizer_state::kPrefix + std::string(kind) + "/" + name] = value;
  };
  add(sgd ? "momentum_buffer" : "exp_avg", slot.first);
  add("exp_avg_sq", slot.second);
  add("max_exp_avg_sq", slot.largest);
  add("slow", slot.slow);
  return all;
}

Tensors Optimizer::state() const {
  using optimizer_state::counter;
  const std::string prefix = optimizer_state::kPrefix;
  Tensors all;
  all[prefix + "steps"] = counter(steps_);
  for (const auto& slot : slots_) {
    all[prefix + "step/" + slot.parameter.name] = counter(slot.step);
    if (slot.slow.defined()) all[prefix + "syncs/" + slot.parameter.name] = counter(slot.syncs);
    for (const auto& [key, value] : buffers(options_, slot)) all[key] = value;
  }
  return all;
}

void Optimizer::restore(const Tensors& saved) {
  const at::NoGradGuard no_grad;
  const std::string prefix = optimizer_state::kPrefix;
  const Tensors wanted = state();
  Errors errors;
  for (const auto& [key, value] : wanted) {
    const auto message = optimizer_state::complaint(value, saved.find(key));
    if (!message.empty()) errors.add(key, message);
  }
  for (const auto& item : saved) {
    if (item.first.starts_with(prefix) && !wanted.has(item.first))
      errors.add(item.first, "is of another optimizer or model");
  }
  errors.raise();
  steps_ = saved.at(prefix + "steps").item<int64_t>();
  for (auto& slot : slots_) {
    slot.step = saved.at(prefix + "step/" + slot.parameter.name).item<int64_t>();
    if (slot.slow.defined())
      slot.syncs = saved.at(prefix + "syncs/" + slot.parameter.name).item<int64_t>();
    for (auto& [key, value] : buffers(options_, slot)) value.copy_(saved.at(key));
  }
}

}  // namespace tractrix::train
