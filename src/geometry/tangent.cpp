#include "tractrix/geometry/tangent.hpp"

#include <ATen/ATen.h>

#include "polar.hpp"
#include "radial.hpp"

namespace tractrix::geometry::tangent {

at::Tensor half_sinh_squared(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c) {
  const polar::Wide w(u, v, c);
  return polar::of_tangents(w.a, w.b, w.s).squeeze(-1);
}

at::Tensor distance(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c) {
  const polar::Wide w(u, v, c);
  return w.narrow(polar::distance_of(polar::of_tangents(w.a, w.b, w.s), w.s));
}

at::Tensor exterior_angle(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c) {
  const polar::Wide w(u, v, c);
  return w.narrow(polar::angle_of_tangents(w.a, w.b, w.s));
}

at::Tensor half_aperture(const at::Tensor& u, const at::Tensor& c, double k) {
  const polar::Wide w(u, u, c);
  const at::Tensor r = (w.s * radial::length(w.a)).clamp_max(polar::kMaxRadius);
  return w.narrow(polar::aperture_of(r.sinh(), k));
}

at::Tensor clip(const at::Tensor& v, const at::Tensor& c, double radius) {
  const at::Tensor r = radial::column(c, v).sqrt() * radial::length(v);
  return v * at::where(r > radius, radius / at::where(r > radius, r, 1), 1);
}

}  // namespace tractrix::geometry::tangent
