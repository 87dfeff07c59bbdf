#include "tractrix/train/precision.hpp"

#include <ATen/autocast_mode.h>

namespace tractrix::train {

const std::vector<std::pair<const char*, Precision>>& names(Precision) {
  static const std::vector<std::pair<const char*, Precision>> all{
      {"f32", Precision::f32}, {"f64", Precision::f64}, {"bf16", Precision::bf16}};
  return all;
}

at::ScalarType weight_type(Precision precision) {
  return precision == Precision::f64 ? at::kDouble : at::kFloat;
}

Autocast::Autocast(Precision precision, at::DeviceType device)
    : active_(precision == Precision::bf16), device_(device) {
  if (!active_) return;
  enabled_before_ = at::autocast::is_autocast_enabled(device_);
  type_before_ = at::autocast::get_autocast_dtype(device_);
  cache_before_ = at::autocast::is_autocast_cache_enabled();
  at::autocast::increment_nesting();
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_cache_enabled(true);
}

Autocast::~Autocast() {
  if (!active_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, enabled_before_);
  at::autocast::set_autocast_dtype(device_, type_before_);
  at::autocast::set_autocast_cache_enabled(cache_before_);
}

}  // namespace tractrix::train
