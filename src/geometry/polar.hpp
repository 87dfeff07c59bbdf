// Pairs of points in polar coordinates: what distances, logarithms and angles are made of. The
// arithmetic is in float64.
#pragma once

#include <ATen/ATen.h>

#include <cmath>

#include "radial.hpp"

namespace tractrix::geometry::polar {

// sinh of twice this scaled radius is still a number.
inline constexpr double kMaxRadius = 340.0;

// Q = sinh^2(s d / 2) [..., 1] of two points given as tangent vectors at the origin or by space
// components; differentiable (once) by u, v and s = sqrt(c), also at the origin and at coincident
// points.
at::Tensor of_tangents(const at::Tensor& u, const at::Tensor& v, const at::Tensor& s);
at::Tensor of_hyperboloid(const at::Tensor& x, const at::Tensor& y, const at::Tensor& s);

// Exterior angles at the first point [..., 1] (tangent.hpp).
at::Tensor angle_of_tangents(const at::Tensor& u, const at::Tensor& v, const at::Tensor& s);
at::Tensor angle_of_hyperboloid(const at::Tensor& x, const at::Tensor& y, const at::Tensor& s);

// 2 asinh(sqrt(q)) / s with derivative 0 at q = 0.
inline at::Tensor distance_of(const at::Tensor& q, const at::Tensor& s) {
  const at::Tensor apart = q > 0, root = at::where(apart, q, 1).sqrt();
  return at::where(apart, 2 / s * root.asinh(), 0);
}

// asin(2k/a) for a > 2k without the cancellation of 1 - (2k/a)^2; else pi/2, gradient 0. a >= 0.
inline at::Tensor aperture_of(const at::Tensor& a, double k) {
  const at::Tensor open = a > 2 * k, size = at::where(open, a, 4 * k);
  const at::Tensor adjacent = ((size - 2 * k) * (size + 2 * k)).sqrt();
  return at::where(open, at::atan(2 * k / adjacent), M_PI_2);
}

// Arguments in float64, s as a column; the result in the type of the first and without its last
// axis.
struct Wide {
  at::Tensor a, b, s;
  at::ScalarType type;
  Wide(const at::Tensor& first, const at::Tensor& second, const at::Tensor& c)
      : a(first.to(at::kDouble)),
        b(second.to(at::kDouble)),
        s(radial::column(c, a).sqrt()),
        type(first.scalar_type()) {}
  at::Tensor narrow(const at::Tensor& result) const { return result.squeeze(-1).to(type); }
};

}  // namespace tractrix::geometry::polar
