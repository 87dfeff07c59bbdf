#include <ATen/ATen.h>

#include "tractrix/geometry/reference.hpp"

namespace tractrix::geometry::reference::geoopt {
namespace ambient {

at::Tensor space(const at::Tensor& x) { return x.narrow(-1, 1, x.size(-1) - 1); }
at::Tensor time(const at::Tensor& x) { return x.narrow(-1, 0, 1); }

at::Tensor arcosh(const at::Tensor& z) {
  return (z + (z.square() - 1).clamp_min(1e-15).sqrt()).log();
}

}  // namespace ambient

at::Tensor lorentz_inner(const at::Tensor& u, const at::Tensor& v) {
  return (ambient::space(u) * ambient::space(v)).sum(-1, true) -
         ambient::time(u) * ambient::time(v);
}

at::Tensor lorentz_norm(const at::Tensor& u) { return lorentz_inner(u, u).clamp_min(1e-8).sqrt(); }

at::Tensor origin(const at::Tensor& like, const at::Tensor& k) {
  const at::Tensor zeros = at::zeros({like.size(-1) - 1}, like.options().requires_grad(false));
  return at::cat({k.reshape({1}).sqrt(), zeros});
}

at::Tensor distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& k) {
  return k.sqrt() * ambient::arcosh(-lorentz_inner(x, y) / k);
}

at::Tensor project(const at::Tensor& x, const at::Tensor& k) {
  const at::Tensor space = ambient::space(x);
  return at::cat({(k + space.square().sum(-1, true)).sqrt(), space}, -1);
}

at::Tensor project_tangent(const at::Tensor& x, const at::Tensor& u, const at::Tensor& k) {
  return u + lorentz_inner(x, u) * x / k;
}

at::Tensor exp(const at::Tensor& x, const at::Tensor& u, const at::Tensor& k) {
  const at::Tensor length = lorentz_norm(u), t = length / k.sqrt();
  return t.cosh() * x + k.sqrt() * t.sinh() * u / length;
}

at::Tensor log(const at::Tensor& x, const at::Tensor& y, const at::Tensor& k) {
  const at::Tensor direction = y + lorentz_inner(x, y) / k * x;
  return distance(x, y, k) * direction / lorentz_norm(direction);
}

at::Tensor transport(const at::Tensor& x, const at::Tensor& y, const at::Tensor& v,
                     const at::Tensor& k) {
  const at::Tensor there = log(x, y, k), back = log(y, x, k);
  return v - lorentz_inner(there, v) / distance(x, y, k).square() * (there + back);
}

at::Tensor geodesic_unit(double t, const at::Tensor& x, const at::Tensor& u, const at::Tensor& k) {
  const at::Tensor angle = t / k.sqrt();
  return angle.cosh() * x + k.sqrt() * angle.sinh() * u;
}

at::Tensor lorentz_to_poincare(const at::Tensor& x, const at::Tensor& k) {
  return ambient::space(x) / (ambient::time(x) + k.sqrt());
}

at::Tensor poincare_to_lorentz(const at::Tensor& p, const at::Tensor& k) {
  const at::Tensor square = p.square().sum(-1, true);
  return k.sqrt() * at::cat({1 + square, 2 * p}, -1) / (1 - square + 1e-6);
}

}  // namespace tractrix::geometry::reference::geoopt
