// All-pairs hyperbolic distances of points kept as tangent vectors at the origin (Lorentz scaling:
// the point is exp0(u) with geodesic distance |u| from the origin; curvature -c).
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry {

enum class PairForm {
  kernel,    // blocked, analytic backward; on other devices than the CPU the composed form runs
  composed,  // the same formula out of tensor operations, any device
};

// u [B, D], v [M, D], c a tensor with one positive element, all of one dtype (float32 or float64)
// -> distances [B, M]. Gradients reach u, v and c; coincident points have gradient 0. The kernel
// computes its elements in float64 and keeps no [B, M] tensor but its result. s|u| is cut at 680
// (the square root of sinh of both radii must stay below 1e154): a point further out counts as
// lying there, with the gradient of that place. Throws Error for shapes, dtypes or devices that do
// not fit.
at::Tensor pair_distance(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c,
                         PairForm form = PairForm::kernel);

}  // namespace tractrix::geometry
