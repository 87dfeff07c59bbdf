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

}  // namespace tractrix::geometry::reference
