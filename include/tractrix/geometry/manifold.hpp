// Manifolds whose points can be parameters of an optimizer: what riemannian.hpp needs of them.
// Points
// [..., D] or, on the hyperboloid, [..., D + 1] in ambient coordinates with the time first. Without
// gradients.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::geometry {

class Manifold {
 public:
  virtual ~Manifold() = default;
  // The point, or the tangent vector at x, that the rounded numbers stand for.
  virtual at::Tensor project(const at::Tensor& x) const = 0;
  virtual at::Tensor project_tangent(const at::Tensor& x, const at::Tensor& u) const = 0;
  // The Riemannian gradient of a Euclidean one.
  virtual at::Tensor gradient(const at::Tensor& x, const at::Tensor& euclidean) const = 0;
  virtual at::Tensor squared_norm(const at::Tensor& x, const at::Tensor& u) const = 0;  // [..., 1]
  virtual at::Tensor retract(const at::Tensor& x, const at::Tensor& u) const = 0;
  virtual at::Tensor transport(const at::Tensor& x, const at::Tensor& y,
                               const at::Tensor& v) const = 0;
};

enum class Retraction {
  exponential,  // along the geodesic
  addition,     // x + u, projected: first order, cheaper (geoopt's PoincareBall)
};

// The ball of radius 1/sqrt(c); points are kept within (1 - eps) of it (poincare::project).
class PoincareManifold : public Manifold {
 public:
  explicit PoincareManifold(double c, Retraction retraction = Retraction::exponential);
  at::Tensor project(const at::Tensor& x) const override;
  at::Tensor project_tangent(const at::Tensor& x, const at::Tensor& u) const override;
  at::Tensor gradient(const at::Tensor& x, const at::Tensor& euclidean) const override;
  at::Tensor squared_norm(const at::Tensor& x, const at::Tensor& u) const override;
  at::Tensor retract(const at::Tensor& x, const at::Tensor& u) const override;
  at::Tensor transport(const at::Tensor& x, const at::Tensor& y,
                       const at::Tensor& v) const override;

 private:
  double c_;
  Retraction retraction_;
};

// The hyperboloid <x, x>_L = -1/c. A vector that is not tangent is retracted by its tangent part
// and transported as it is (geoopt's Lorentz).
class LorentzManifold : public Manifold {
 public:
  explicit LorentzManifold(double c);
  at::Tensor project(const at::Tensor& x) const override;
  at::Tensor project_tangent(const at::Tensor& x, const at::Tensor& u) const override;
  at::Tensor gradient(const at::Tensor& x, const at::Tensor& euclidean) const override;
  at::Tensor squared_norm(const at::Tensor& x, const at::Tensor& u) const override;
  at::Tensor retract(const at::Tensor& x, const at::Tensor& u) const override;
  at::Tensor transport(const at::Tensor& x, const at::Tensor& y,
                       const at::Tensor& v) const override;

 private:
  double c_;
};

}  // namespace tractrix::geometry
