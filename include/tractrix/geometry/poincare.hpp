// The Poincare ball of curvature -c: radius 1/s with s = sqrt(c), x [..., D], conformal factor
// lambda = 2/(1 - c|x|^2) (Ungar; Ganea et al., NeurIPS 2018). Tangent vectors at the origin are in
// Poincare scaling: exp0(v) lies at distance 2|v|. c: one positive number or one per point [...].
//
// 1 - s|x| is never taken below 2^-53 (float64) or 2^-24 (float32): a point on or beyond the
// boundary counts as lying just inside. Coordinates lose a digit per 2.3 of s times the distance
// from the origin; where that matters keep tangent vectors (tangent.hpp).
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry::poincare {

at::Tensor conformal(const at::Tensor& x, const at::Tensor& c);                 // [...], lambda
at::Tensor exp0(const at::Tensor& v, const at::Tensor& c);                      // [..., D]
at::Tensor log0(const at::Tensor& x, const at::Tensor& c);                      // [..., D]
at::Tensor exp(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c);  // [..., D]
at::Tensor log(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);  // [..., D]
at::Tensor distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);  // [...]

at::Tensor mobius_add(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);
// The commutative sum of gyrovectors: x (+) gyr[x, -y] y.
at::Tensor mobius_coadd(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);
at::Tensor mobius_scalar(const at::Tensor& r, const at::Tensor& x, const at::Tensor& c);
// exp0(m log0(x)): m [E, D] (or one per point [..., E, D]) -> [..., E].
at::Tensor mobius_matvec(const at::Tensor& m, const at::Tensor& x, const at::Tensor& c);
// gyr[x, y] v, a rotation of v.
at::Tensor gyration(const at::Tensor& x, const at::Tensor& y, const at::Tensor& v,
                    const at::Tensor& c);

// v at x moved along the geodesic to y; transport0: from the origin to x.
at::Tensor transport(const at::Tensor& x, const at::Tensor& y, const at::Tensor& v,
                     const at::Tensor& c);
at::Tensor transport0(const at::Tensor& x, const at::Tensor& v, const at::Tensor& c);

// The point at `t` of the geodesic from x (t = 0) to y (t = 1).
at::Tensor geodesic(double t, const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);

// x where s|x| <= 1 - eps, else the point of that norm in its direction. eps below 0: 1e-5 in
// float64, 4e-3 in float32 (geoopt's).
at::Tensor project(const at::Tensor& x, const at::Tensor& c, double eps = -1);

// Signed distance of x to the hyperplane through p across a, times |a| if scaled
// (geoopt's dist2plane): x, p, a [..., D] -> [...].
at::Tensor distance_to_plane(const at::Tensor& x, const at::Tensor& p, const at::Tensor& a,
                             const at::Tensor& c, bool scaled = false);

// Scores of K classes by their hyperplanes (Shimizu et al., ICLR 2021, eq. 6): orientations z [D,
// K], offsets r [K] along them, x [..., D], one c -> [..., K], 2|z|/s asinh(s lambda <x, z/|z|>
// cosh(2sr)
// - (lambda - 1) sinh(2sr)). A zero column of z has score 0.
at::Tensor regression(const at::Tensor& x, const at::Tensor& z, const at::Tensor& r,
                      const at::Tensor& c);

// The point whose signed distances to the axes' hyperplanes are `scores` [..., E] (the same, sec.
// 3.2).
at::Tensor from_scores(const at::Tensor& scores, const at::Tensor& c);

}  // namespace tractrix::geometry::poincare
