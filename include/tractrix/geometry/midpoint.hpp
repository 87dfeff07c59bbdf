// Weighted midpoints of points of a hyperbolic space of curvature -c. x: [..., N, D], weights
// [..., N], not negative and not all zero (an undefined tensor: equal weights), c one positive
// number.
//
// The gyromidpoint of the ball, the Einstein midpoint of the Klein ball and the centroid of the
// hyperboloid are one point in three models (recomputed to 60 digits); each is computed on the
// hyperboloid. The Karcher mean, which minimises the weighted sum of squared distances, is another.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry {

// S / (s sqrt(-<S, S>_L)) with S = sum w x, space components (Law et al., ICML 2019) [..., D].
at::Tensor lorentz_centroid(const at::Tensor& x, const at::Tensor& weights, const at::Tensor& c);
at::Tensor gyromidpoint(const at::Tensor& p, const at::Tensor& weights, const at::Tensor& c);
at::Tensor einstein_midpoint(const at::Tensor& k, const at::Tensor& weights, const at::Tensor& c);

struct KarcherOptions {
  double step = 0.5;         // of the fixed point iteration; 1 can cycle near the boundary
  double tolerance = 1e-12;  // of a step's length times s
  int64_t iterations = 200;
};

// Space components [..., D]; from the centroid by m <- exp_m(step * mean log_m(x)), then one Newton
// step, whose derivative is that of the implicit function. In float64. Throws Error if the
// iteration does not settle.
at::Tensor lorentz_karcher_mean(const at::Tensor& x, const at::Tensor& weights, const at::Tensor& c,
                                const KarcherOptions& options = {});
at::Tensor poincare_karcher_mean(const at::Tensor& p, const at::Tensor& weights,
                                 const at::Tensor& c, const KarcherOptions& options = {});

}  // namespace tractrix::geometry
