#include "tractrix/geometry/manifold.hpp"

#include <ATen/ATen.h>

#include "polar.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/poincare.hpp"

namespace tractrix::geometry {
namespace manifold {

double positive(double c) {
  if (!(c > 0)) throw Error("Manifold", "expected a curvature magnitude above 0");
  return c;
}

at::Tensor number(double c, const at::Tensor& like) {
  return at::full({}, c, like.options().requires_grad(false));
}

at::Tensor space(const at::Tensor& x) { return x.narrow(-1, 1, x.size(-1) - 1); }

// A point from its space components, with its time.
at::Tensor point(const at::Tensor& x, const at::Tensor& c) {
  return at::cat({lorentz::time(x, c).unsqueeze(-1), x}, -1);
}

// <u, v>_L [..., 1].
at::Tensor inner(const at::Tensor& u, const at::Tensor& v) {
  return (space(u) * space(v)).sum(-1, true) - u.narrow(-1, 0, 1) * v.narrow(-1, 0, 1);
}

at::Tensor half_sinh_squared(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const polar::Wide w(x, y, c);
  return polar::of_hyperboloid(w.a, w.b, w.s).to(x.scalar_type());
}

}  // namespace manifold

PoincareManifold::PoincareManifold(double c, Retraction retraction)
    : c_(manifold::positive(c)), retraction_(retraction) {}

at::Tensor PoincareManifold::project(const at::Tensor& x) const {
  return poincare::project(x, manifold::number(c_, x));
}

at::Tensor PoincareManifold::project_tangent(const at::Tensor&, const at::Tensor& u) const {
  return u;
}

at::Tensor PoincareManifold::gradient(const at::Tensor& x, const at::Tensor& euclidean) const {
  const at::Tensor lambda = poincare::conformal(x, manifold::number(c_, x)).unsqueeze(-1);
  return euclidean / lambda.square();
}

at::Tensor PoincareManifold::squared_norm(const at::Tensor& x, const at::Tensor& u) const {
  const at::Tensor lambda = poincare::conformal(x, manifold::number(c_, x)).unsqueeze(-1);
  return lambda.square() * u.square().sum(-1, true);
}

at::Tensor PoincareManifold::retract(const at::Tensor& x, const at::Tensor& u) const {
  const bool along = retraction_ == Retraction::exponential;
  return project(along ? poincare::exp(x, u, manifold::number(c_, x)) : x + u);
}

at::Tensor PoincareManifold::transport(const at::Tensor& x, const at::Tensor& y,
                                       const at::Tensor& v) const {
  return poincare::transport(x, y, v, manifold::number(c_, x));
}

LorentzManifold::LorentzManifold(double c) : c_(manifold::positive(c)) {}

at::Tensor LorentzManifold::project(const at::Tensor& x) const {
  return manifold::point(manifold::space(x), manifold::number(c_, x));
}

at::Tensor LorentzManifold::project_tangent(const at::Tensor& x, const at::Tensor& u) const {
  return lorentz::project_tangent(manifold::space(x), u, manifold::number(c_, x));
}

// The metric is -1 in the time coordinate.
at::Tensor LorentzManifold::gradient(const at::Tensor& x, const at::Tensor& euclidean) const {
  const at::Tensor raised = at::cat({-euclidean.narrow(-1, 0, 1), manifold::space(euclidean)}, -1);
  return project_tangent(x, raised);
}

at::Tensor LorentzManifold::squared_norm(const at::Tensor& x, const at::Tensor& u) const {
  const at::Tensor c = manifold::number(c_, x);
  return lorentz::length(manifold::space(x), manifold::space(u), c).square().unsqueeze(-1);
}

at::Tensor LorentzManifold::retract(const at::Tensor& x, const at::Tensor& u) const {
  const at::Tensor c = manifold::number(c_, x), tangent = manifold::space(project_tangent(x, u));
  return manifold::point(lorentz::exp(manifold::space(x), tangent, c), c);
}

// v - <log_x(y), v>/d^2 (log_x(y) + log_y(x)), linear in all ambient v: with log_x(y) = D/sinh(D)
// (y - cosh(D) x) and cosh(D) - 1 = 2 Q the factor is <y - x, v> - 2 Q <x, v> over 2 (1 + Q)/c.
at::Tensor LorentzManifold::transport(const at::Tensor& x, const at::Tensor& y,
                                      const at::Tensor& v) const {
  const at::Tensor c = manifold::number(c_, x);
  const at::Tensor q = manifold::half_sinh_squared(manifold::space(x), manifold::space(y), c);
  const at::Tensor along = manifold::inner(y - x, v) - 2 * q * manifold::inner(x, v);
  return v + c * along / (2 * (1 + q)) * (x + y);
}

}  // namespace tractrix::geometry
