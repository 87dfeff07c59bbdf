// Entailment cones (Ganea et al., ICML 2018; on the hyperboloid: Desai et al., MERU, ICML 2023).
// The cone at x opens away from the origin by the half-aperture asin(2 k / (s|x|)); y lies in it
// when the exterior angle at x is no larger. Angles and apertures are the same in every model.
//
// Points [..., D], c one positive number or one per point, results [...]. lorentz: space
// components; for tangent vectors see tangent.hpp.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry {

namespace lorentz {

// pi/2 with gradient 0 where s|x| <= 2 k; the slope just outside is steep but finite.
at::Tensor half_aperture(const at::Tensor& x, const at::Tensor& c, double k = 0.1);
// Angle at x, in [0, pi]; 0 for x at the origin.
at::Tensor exterior_angle(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c);

}  // namespace lorentz

namespace poincare {

// asin(k (1 - c|p|^2) / (s|p|)).
at::Tensor half_aperture(const at::Tensor& p, const at::Tensor& c, double k = 0.1);

}  // namespace poincare

struct ConeOptions {
  double k = 0.1;         // cones are defined for s|x| > 2 k
  double aperture = 1.0;  // factor on the half-aperture: HyCoCLIP has 0.7 across and 1.2 within
};

// exterior angle at the parent - aperture * half-aperture of the parent: the hinge's argument, at
// most 0 inside the cone. A parent at the origin contains everything.
at::Tensor tangent_cone_margin(const at::Tensor& parent, const at::Tensor& child,
                               const at::Tensor& c, const ConeOptions& options = {});
at::Tensor lorentz_cone_margin(const at::Tensor& parent, const at::Tensor& child,
                               const at::Tensor& c, const ConeOptions& options = {});

// Mean of max(0, margin), a number.
at::Tensor tangent_entailment_loss(const at::Tensor& parent, const at::Tensor& child,
                                   const at::Tensor& c, const ConeOptions& options = {});
at::Tensor lorentz_entailment_loss(const at::Tensor& parent, const at::Tensor& child,
                                   const at::Tensor& c, const ConeOptions& options = {});

}  // namespace tractrix::geometry
