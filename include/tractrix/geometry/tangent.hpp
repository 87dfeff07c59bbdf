// Points kept as tangent vectors at the origin in Lorentz scaling: the point is exp0(u), its
// distance from the origin |u|; curvature -c, s = sqrt(c). Nothing is rounded on the manifold, so
// points far out and points close together keep their digits (hyperbolic law of cosines in
// half-angle form, Mishne et al., ICML 2023, recommend the parametrisation).
//
// u, v: [..., D], broadcast against each other; c: one positive number or one per point [...]. The
// arithmetic is in float64 and the result has the type of u. s|u| is cut at 340, where its
// hyperbolic functions leave the range: what lies further out counts as lying there.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry::tangent {

// [...]. Coincident points have distance 0 and gradient 0; a point at the origin has the true
// gradient.
at::Tensor distance(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c);

// sinh^2(s d / 2) in float64 [...]: smooth at coincident points, where the distance has a kink.
at::Tensor half_sinh_squared(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c);

// Angle at u between the geodesic from the origin, prolonged, and the one to v: 0 when v lies
// straight behind u, pi when it lies in front [...]. 0 with gradient 0 for u at the origin, whose
// cone is the whole space; at collinear points the gradient is 0 across.
at::Tensor exterior_angle(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c);

// asin(2 k / sinh(s|u|)) [...]: half the opening of the cone at u (Ganea et al., ICML 2018); pi/2
// with gradient 0 where sinh(s|u|) <= 2 k.
at::Tensor half_aperture(const at::Tensor& u, const at::Tensor& c, double k = 0.1);

// v shortened to at most `radius` = s|v|, with the direction's gradient beyond it [..., D].
at::Tensor clip(const at::Tensor& v, const at::Tensor& c, double radius);

}  // namespace tractrix::geometry::tangent
