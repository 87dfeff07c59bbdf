#include "tractrix/geometry/lorentz.hpp"

#include <ATen/ATen.h>

#include "polar.hpp"
#include "radial.hpp"

namespace tractrix::geometry::lorentz {
namespace parts {

at::Tensor time(const at::Tensor& x, const at::Tensor& c) {
  return (1 / c + radial::product(x, x)).sqrt();
}

// <v, v>_L = (|v|^2 + c W) / (1 + c|x|^2) with W = |x|^2 |v|^2 - (x.v)^2, the part of v across x.
// Near the origin W is subtracted; further out it is |x|^2 |v - (v.a) a|^2, a = x/|x|.
at::Tensor squared_length(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c) {
  const at::Tensor x2 = radial::product(x, x), v2 = radial::product(v, v);
  const at::Tensor near = c * x2 < 0.25;
  const at::Tensor subtracted = x2 * v2 - radial::product(x, v).square();
  const at::Tensor safe = at::where(near, at::ones_like(x), x);
  const at::Tensor a = safe / radial::length(safe);
  const at::Tensor across = v - radial::product(v, a) * a;
  const at::Tensor w = at::where(near, subtracted, x2 * radial::product(across, across));
  return ((v2 + c * w) / (1 + c * x2)).clamp_min(0);
}

}  // namespace parts

at::Tensor time(const at::Tensor& x, const at::Tensor& c) {
  return parts::time(x, radial::column(c, x)).squeeze(-1);
}

at::Tensor inner(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x);
  return (radial::product(x, y) - parts::time(x, k) * parts::time(y, k)).squeeze(-1);
}

at::Tensor tangent_time(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c) {
  return (radial::product(x, v) / parts::time(x, radial::column(c, x))).squeeze(-1);
}

at::Tensor length(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c) {
  const at::Tensor squared = parts::squared_length(x, v, radial::column(c, x)).squeeze(-1);
  const at::Tensor some = squared > 0;
  return at::where(some, at::where(some, squared, 1).sqrt(), 0);
}

at::Tensor exp0(const at::Tensor& v, const at::Tensor& c) {
  return radial::sinhc(radial::column(c, v) * radial::product(v, v)) * v;
}

at::Tensor log0(const at::Tensor& x, const at::Tensor& c) {
  return radial::asinhc(radial::column(c, x) * radial::product(x, x)) * x;
}

at::Tensor exp(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x);
  const at::Tensor q = k * parts::squared_length(x, v, k);
  return radial::cosh_root(q) * x + radial::sinhc(q) * v;
}

// D/sinh(D) (y - cosh(D) x) with cosh(D) - 1 = 2 Q: no logarithm of a number close to 1.
at::Tensor log(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const polar::Wide w(x, y, c);
  const at::Tensor q = polar::of_hyperboloid(w.a, w.b, w.s);
  const at::Tensor v = radial::asinhc(q) / (1 + q).sqrt() * ((w.b - w.a) - 2 * q * w.a);
  return v.to(x.scalar_type());
}

at::Tensor distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const polar::Wide w(x, y, c);
  return w.narrow(polar::distance_of(polar::of_hyperboloid(w.a, w.b, w.s), w.s));
}

// v + <y - x, v>_L (x + y) / (1/c - <x, y>_L), where <x, v>_L = 0 and the denominator is 2 (1 +
// Q)/c: far out its terms would cancel to 0.
at::Tensor transport(const at::Tensor& x, const at::Tensor& y, const at::Tensor& v,
                     const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x);
  const polar::Wide w(x, y, c);
  const at::Tensor q = polar::of_hyperboloid(w.a, w.b, w.s).to(x.scalar_type());
  const at::Tensor x_t = parts::time(x, k);
  const at::Tensor v_t = radial::product(x, v) / x_t;
  const at::Tensor difference_t = radial::product(y - x, y + x) / (x_t + parts::time(y, k));
  const at::Tensor along = radial::product(y - x, v) - difference_t * v_t;
  return v + k * along / (2 * (1 + q)) * (x + y);
}

at::Tensor transport0(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x);
  return v + k * radial::product(x, v) / (1 + k.sqrt() * parts::time(x, k)) * x;
}

// The time part u_t (1 - c x_t^2) + c x_t x.u without the difference of its first term.
at::Tensor project_tangent(const at::Tensor& x, const at::Tensor& u, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x), x_t = parts::time(x, k);
  const at::Tensor u_t = u.narrow(-1, 0, 1), space = u.narrow(-1, 1, x.size(-1));
  const at::Tensor product = radial::product(x, space);
  const at::Tensor w_t = k * (x_t * product - radial::product(x, x) * u_t);
  return at::cat({w_t, space + k * (product - x_t * u_t) * x}, -1);
}

}  // namespace tractrix::geometry::lorentz
