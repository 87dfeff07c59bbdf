// Points of one model in the coordinates of another: hyperboloid (space components), Poincare ball
// and Klein ball; curvature -c, c one positive number or one per point. [..., D] -> [..., D].
// Tangent vectors at the origin are left and entered by exp0 and log0 of lorentz.hpp; a Poincare
// tangent vector v is 2 v there.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry {

at::Tensor lorentz_to_poincare(const at::Tensor& x, const at::Tensor& c);
at::Tensor lorentz_to_klein(const at::Tensor& x, const at::Tensor& c);
at::Tensor poincare_to_lorentz(const at::Tensor& p, const at::Tensor& c);
at::Tensor poincare_to_klein(const at::Tensor& p, const at::Tensor& c);
at::Tensor klein_to_lorentz(const at::Tensor& k, const at::Tensor& c);
at::Tensor klein_to_poincare(const at::Tensor& k, const at::Tensor& c);

}  // namespace tractrix::geometry
