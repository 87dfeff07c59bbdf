// The hyperboloid <x, x>_L = -1/c of curvature -c, by the space components of its points: x [...,
// D], time x_t = sqrt(1/c + |x|^2), <x, y>_L = x.y - x_t y_t. A tangent vector at x is its space
// part v, with time part x.v / x_t. c: one positive number or one per point [...].
//
// Distances and everything built on them go through tangent vectors at the origin (tangent.hpp) in
// float64: far out a difference of hyperboloid coordinates has no digits left. In float32 the
// squares of coordinates overflow at s times the distance from the origin of about 44.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry::lorentz {

at::Tensor time(const at::Tensor& x, const at::Tensor& c);                        // [...]
at::Tensor inner(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);  // [...], <x, y>_L
at::Tensor tangent_time(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c);  // [...]
// Riemannian length of v at x [...].
at::Tensor length(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c);

at::Tensor exp0(const at::Tensor& v, const at::Tensor& c);  // [..., D], at distance |v|
at::Tensor log0(const at::Tensor& x, const at::Tensor& c);  // [..., D]
at::Tensor exp(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c);       // [..., D]
at::Tensor log(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);       // [..., D]
at::Tensor distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);  // [...]

// v at x moved along the geodesic to y; transport0: from the origin to x.
at::Tensor transport(const at::Tensor& x, const at::Tensor& y, const at::Tensor& v,
                     const at::Tensor& c);
at::Tensor transport0(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c);

// The tangent part w = u + c <x, u>_L x of an ambient vector u [..., D + 1], time first.
at::Tensor project_tangent(const at::Tensor& x, const at::Tensor& u, const at::Tensor& c);

}  // namespace tractrix::geometry::lorentz
