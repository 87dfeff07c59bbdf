#include "tractrix/geometry/poincare.hpp"

#include <ATen/ATen.h>

#include "radial.hpp"

namespace tractrix::geometry::poincare {
namespace parts {

// gap_x gap_y + c|x + y|^2 = 1 + 2c x.y + c^2 |x|^2 |y|^2 without its cancellation.
at::Tensor denominator(const at::Tensor& x, const at::Tensor& y, const at::Tensor& gap_x,
                       const at::Tensor& gap_y, const at::Tensor& c) {
  const at::Tensor sum = x + y;
  return gap_x * gap_y + c * radial::product(sum, sum);
}

}  // namespace parts

at::Tensor conformal(const at::Tensor& x, const at::Tensor& c) {
  return (2 / radial::gap(x, radial::column(c, x))).squeeze(-1);
}

at::Tensor exp0(const at::Tensor& v, const at::Tensor& c) {
  return radial::tanhc(radial::column(c, v) * radial::product(v, v)) * v;
}

at::Tensor log0(const at::Tensor& x, const at::Tensor& c) {
  return radial::atanhc(radial::column(c, x) * radial::product(x, x)) * x;
}

// x (+) y with y = tanh(t)/t (lambda/2) v, t = s lambda |v| / 2, in the form x + gap_x (y + c|y|^2
// x) / (gap_x gap_y + c|x + y|^2): the step keeps its digits where it is small against gap_x. gap_y
// = sech^2(t) stays a number where the rounded y lies on the boundary.
at::Tensor exp(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x), gap = radial::gap(x, k);
  const at::Tensor w = v / gap, q = k * radial::product(w, w), ratio = radial::tanhc(q);
  const at::Tensor step = ratio * v + gap * q * ratio.square() * x;
  return x + step / parts::denominator(x, ratio * w, gap, radial::sech2(q), k);
}

// With Q = sinh^2(D/2) = c|x - y|^2 / (gap_x gap_y): artanh(s|w|)/(s|w|) = asinhc(Q) sqrt(1 + Q)
// for w = (-x) (+) y, and the sum's denominator is gap_x gap_y (1 + Q).
at::Tensor log(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x), difference = y - x;
  const at::Tensor gap_x = radial::gap(x, k), gap_y = radial::gap(y, k);
  const at::Tensor square = k * radial::product(difference, difference);
  const at::Tensor q = square / (gap_x * gap_y);
  const at::Tensor w = (gap_x * difference - square * x) / gap_y;
  return radial::asinhc(q) / (1 + q).sqrt() * w;
}

at::Tensor distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x), s = k.sqrt();
  const at::Tensor root = radial::gap(x, k).sqrt() * radial::gap(y, k).sqrt();
  return (2 / s * (s * radial::length(x - y) / root).asinh()).squeeze(-1);
}

at::Tensor mobius_add(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x), gap = radial::gap(x, k), sum = x + y;
  const at::Tensor numerator = gap * sum + k * radial::product(sum, sum) * x;
  return numerator / parts::denominator(x, y, gap, radial::gap(y, k), k);
}

at::Tensor mobius_coadd(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x);
  const at::Tensor gap_x = radial::gap(x, k), gap_y = radial::gap(y, k);
  // 1 - c^2 |x|^2 |y|^2 from the gaps.
  return (gap_y * x + gap_x * y) / (gap_x + gap_y - gap_x * gap_y);
}

// Far out tanh(r artanh(t))/t is one function of t: the derivatives of exp0 and log0, one tiny and
// one huge, would leave only rounding.
at::Tensor mobius_scalar(const at::Tensor& r, const at::Tensor& x, const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x), factor = r.numel() == 1 ? r : r.unsqueeze(-1);
  const at::Tensor near = k * radial::product(x, x) < 1.0 / 16;
  const at::Tensor close = at::where(near, x, 0);
  const at::Tensor far = at::where(near, 1 / (4 * (k * x.size(-1)).sqrt()), x);  // any but 0
  const at::Tensor t = (k.sqrt() * radial::length(far)).clamp_max(1 - radial::boundary(x));
  const at::Tensor radius = 0.5 * (2 * t / (1 - t)).log1p();
  const at::Tensor ratio = radial::tanh_saturating(factor * radius) / t;
  return at::where(near, exp0(factor * log0(close, c), c), ratio * far);
}

at::Tensor mobius_matvec(const at::Tensor& m, const at::Tensor& x, const at::Tensor& c) {
  return exp0(at::matmul(m, log0(x, c).unsqueeze(-1)).squeeze(-1), c);
}

// v + 2 (A x + B y)/E (Ungar 2008); E = (1 + c x.y)^2 + c^2 |x ^ y|^2 from the gaps as in the sum.
at::Tensor gyration(const at::Tensor& x, const at::Tensor& y, const at::Tensor& v,
                    const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x);
  const at::Tensor xy = radial::product(x, y), xv = radial::product(x, v),
                   yv = radial::product(y, v);
  const at::Tensor a = k * yv + k.square() * (2 * xy * yv - xv * radial::product(y, y));
  const at::Tensor b = -k * xv - k.square() * yv * radial::product(x, x);
  const at::Tensor e = parts::denominator(x, y, radial::gap(x, k), radial::gap(y, k), k);
  return v + 2 * (a * x + b * y) / e;
}

at::Tensor transport(const at::Tensor& x, const at::Tensor& y, const at::Tensor& v,
                     const at::Tensor& c) {
  const at::Tensor k = radial::column(c, x);
  return radial::gap(y, k) / radial::gap(x, k) * gyration(y, -x, v, c);
}

at::Tensor transport0(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c) {
  return radial::gap(x, radial::column(c, x)) * v;
}

at::Tensor geodesic(double t, const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  return exp(x, t * log(x, y, c), c);
}

at::Tensor project(const at::Tensor& x, const at::Tensor& c, double eps) {
  const double margin = eps >= 0 ? eps : x.scalar_type() == at::kDouble ? 1e-5 : 4e-3;
  const at::Tensor largest = (1 - margin) / radial::column(c, x).sqrt(), length = radial::length(x);
  const at::Tensor outside = length > largest;
  return at::where(outside, x / at::where(outside, length, 1) * largest, x);
}

at::Tensor distance_to_plane(const at::Tensor& x, const at::Tensor& p, const at::Tensor& a,
                             const at::Tensor& c, bool scaled) {
  const at::Tensor k = radial::column(c, x), s = k.sqrt(), length = radial::length(a);
  const at::Tensor seen = mobius_add(-p, x, c);
  const at::Tensor height = radial::product(seen, radial::unit(a, length));
  const at::Tensor distance = (2 * s * height / radial::gap(seen, k)).asinh() / s;
  if (!scaled) return distance.squeeze(-1);
  return (distance * length).squeeze(-1);
}

at::Tensor regression(const at::Tensor& x, const at::Tensor& z, const at::Tensor& r,
                      const at::Tensor& c) {
  const at::Tensor s = c.reshape({}).sqrt(), length = z.norm(2, {0}, true);  // [1, K]
  const at::Tensor lambda = 2 / radial::gap(x, c.reshape({}));               // [..., 1]
  const at::Tensor height = at::matmul(x, z / at::where(length > 0, length, 1));
  const at::Tensor turn = 2 * s * r;
  const at::Tensor inside = s * lambda * height * turn.cosh() - (lambda - 1) * turn.sinh();
  return 2 * length.squeeze(0) / s * inside.asinh();
}

at::Tensor from_scores(const at::Tensor& scores, const at::Tensor& c) {
  const at::Tensor k = c.reshape({}), s = k.sqrt();
  const at::Tensor w = (s * scores).sinh() / s;
  return w / (1 + (1 + k * radial::product(w, w)).sqrt());
}

}  // namespace tractrix::geometry::poincare
