// Number formats of a run, and mixed precision as a scope.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

namespace tractrix::train {

// f64 and f32: weights and arithmetic. bf16: weights in float32, products in bfloat16 by autocast;
// needs no loss scaling.
enum class Precision { f32, f64, bf16 };
const std::vector<std::pair<const char*, Precision>>& names(Precision);

at::ScalarType weight_type(Precision precision);

// Autocast on one device type for the life of the object; does nothing unless precision is bf16.
// Put it around a forward pass, never around backward(). The cache of cast weights is dropped when
// the outermost scope ends (otherwise stale weights are used after an update and the casts are
// never freed); what was set before is set again.
class Autocast {
 public:
  Autocast(Precision precision, at::DeviceType device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool active_;
  at::DeviceType device_;
  bool enabled_before_ = false, cache_before_ = true;
  at::ScalarType type_before_ = at::kFloat;
};

}  // namespace tractrix::train
