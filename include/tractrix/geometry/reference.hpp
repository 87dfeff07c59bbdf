// Operations with the guards of published code, for models that must equal it number by number.
// Everything else should use the forms without guards beside this header: these lose half the
// digits near the origin and at close points (distances below 1.4e-4/s, apertures near pi/2), and
// their epsilon of 1e-8 vanishes in float32, where coincident points have no finite gradient.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry::reference {

// MERU and HyCoCLIP (meru/lorentz.py, hycoclip/lorentz.py; HyperST uses the same): space components
// [B, D], one curvature c, eps 1e-8 throughout.
namespace meru {

at::Tensor pairwise_inner(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);
// acosh of at least 1 + eps [B, M].
at::Tensor pairwise_distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);
// sinh of s|v| within [eps, asinh(2^15)].
at::Tensor exp0(const at::Tensor& v, const at::Tensor& c);
at::Tensor log0(const at::Tensor& x, const at::Tensor& c);
at::Tensor half_aperture(const at::Tensor& x, const at::Tensor& c, double k = 0.1);
// Row by row [B]: the angle at x.
at::Tensor exterior_angle(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);
// HyCoCLIP's oxy_angle_eval: minus the angle at x_j for y_i [M, B].
at::Tensor negative_angles(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);

}  // namespace meru

// hyptorch (leymir/hyperbolic-image-embeddings, hyp_metric): the Poincare ball [..., D] with every
// point projected to s|x| <= 1 - 1e-3, norms of at least 1e-5, tanh of at most 15 and artanh within
// 1 - 1e-5.
namespace hyptorch {

at::Tensor project(const at::Tensor& x, const at::Tensor& c);
at::Tensor exp0(const at::Tensor& v, const at::Tensor& c);
at::Tensor log0(const at::Tensor& x, const at::Tensor& c);
at::Tensor mobius_add(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);
at::Tensor distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);

}  // namespace hyptorch

// geoopt 0.5.1's Lorentz (geoopt/manifolds/lorentz/math.py): ambient coordinates [..., D + 1], time
// first; k is the squared radius, curvature -1/k. Lengths are at least 1e-4, arcosh(z) takes z^2 -
// 1 of at least 1e-15: coincident points are sqrt(k) 3.2e-8 apart, and the logarithm of a point
// closer than 1e-4 is too short. Gradients treat all coordinates as free.
namespace geoopt {

at::Tensor lorentz_inner(const at::Tensor& u, const at::Tensor& v);                  // [..., 1]
at::Tensor lorentz_norm(const at::Tensor& u);                                        // [..., 1]
at::Tensor origin(const at::Tensor& like, const at::Tensor& k);                      // [D + 1]
at::Tensor distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& k);  // [..., 1]
at::Tensor project(const at::Tensor& x, const at::Tensor& k);
at::Tensor project_tangent(const at::Tensor& x, const at::Tensor& u, const at::Tensor& k);
// Of tangent vectors; the library projects u before and the point after.
at::Tensor exp(const at::Tensor& x, const at::Tensor& u, const at::Tensor& k);
at::Tensor log(const at::Tensor& x, const at::Tensor& y, const at::Tensor& k);
// Undefined at x = y.
at::Tensor transport(const at::Tensor& x, const at::Tensor& y, const at::Tensor& v,
                     const at::Tensor& k);
// u as if of length 1.
at::Tensor geodesic_unit(double t, const at::Tensor& x, const at::Tensor& u, const at::Tensor& k);
// The unit ball, whatever k; back with 1e-6 in the denominator.
at::Tensor lorentz_to_poincare(const at::Tensor& x, const at::Tensor& k);
at::Tensor poincare_to_lorentz(const at::Tensor& p, const at::Tensor& k);

}  // namespace geoopt

}  // namespace tractrix::geometry::reference
