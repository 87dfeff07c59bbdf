#include "tractrix/geometry/cone.hpp"

#include <ATen/ATen.h>

#include "polar.hpp"
#include "radial.hpp"
#include "tractrix/geometry/tangent.hpp"

namespace tractrix::geometry {

at::Tensor lorentz::half_aperture(const at::Tensor& x, const at::Tensor& c, double k) {
  const at::Tensor a = radial::column(c, x).sqrt() * radial::length(x);
  return polar::aperture_of(a, k).squeeze(-1);
}

at::Tensor lorentz::exterior_angle(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const polar::Wide w(x, y, c);
  return w.narrow(polar::angle_of_hyperboloid(w.a, w.b, w.s));
}

at::Tensor poincare::half_aperture(const at::Tensor& p, const at::Tensor& c, double k) {
  const at::Tensor column = radial::column(c, p);
  const at::Tensor a = 2 * column.sqrt() * radial::length(p) / radial::gap(p, column);
  return polar::aperture_of(a, k).squeeze(-1);
}

at::Tensor tangent_cone_margin(const at::Tensor& parent, const at::Tensor& child,
                               const at::Tensor& c, const ConeOptions& options) {
  return tangent::exterior_angle(parent, child, c) -
         options.aperture * tangent::half_aperture(parent, c, options.k);
}

at::Tensor lorentz_cone_margin(const at::Tensor& parent, const at::Tensor& child,
                               const at::Tensor& c, const ConeOptions& options) {
  return lorentz::exterior_angle(parent, child, c) -
         options.aperture * lorentz::half_aperture(parent, c, options.k);
}

at::Tensor tangent_entailment_loss(const at::Tensor& parent, const at::Tensor& child,
                                   const at::Tensor& c, const ConeOptions& options) {
  return tangent_cone_margin(parent, child, c, options).clamp_min(0).mean();
}

at::Tensor lorentz_entailment_loss(const at::Tensor& parent, const at::Tensor& child,
                                   const at::Tensor& c, const ConeOptions& options) {
  return lorentz_cone_margin(parent, child, c, options).clamp_min(0).mean();
}

}  // namespace tractrix::geometry
