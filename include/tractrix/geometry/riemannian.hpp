// Riemannian SGD (Bonnabel 2013) and Adam (Becigneul & Ganea, ICLR 2019) for parameters that are
// points of a manifold, with the trajectories of geoopt 0.5.1 (geoopt/optim/{rsgd,radam}.py).
// Moments are tangent vectors and are transported with the point; Adam's second moment is one
// number per point, the squared Riemannian norm, and is not transported.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "tractrix/geometry/manifold.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::geometry {

enum class RiemannianRule { sgd, adam };

struct RiemannianOptions {
  RiemannianRule rule = RiemannianRule::adam;
  double momentum = 0, dampening = 0;  // sgd
  bool nesterov = false;               // sgd
  // geoopt starts the momentum with the Euclidean gradient, which near the boundary of the ball is
  // lambda^2 times the Riemannian one; false: with nothing.
  bool euclidean_start = false;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;  // adam
  bool amsgrad = false;                           // adam: the largest uncorrected second moment
  // Added to the Euclidean gradient as weight_decay * point; it means nothing on most manifolds.
  double weight_decay = 0;
  int64_t stabilize = 0;  // project point and momentum every so many steps; 0: never
};

struct ManifoldParameter {
  std::string name;
  at::Tensor value;  // a leaf; updated in place
  std::shared_ptr<const Manifold> manifold;
};

class RiemannianOptimizer {
 public:
  // Throws Error for options out of range, names that repeat or a parameter without a manifold.
  RiemannianOptimizer(const RiemannianOptions& options, std::vector<ManifoldParameter> parameters);

  // One update; parameters without a gradient are left alone. Gradients are only read.
  void step(double lr);
  void zero_grad();

  // riemannian/step/NAME and, as the rule needs them, riemannian/{momentum, exp_avg, exp_avg_sq,
  // max_exp_avg_sq}/NAME: the living buffers, second moments with a last axis of 1.
  Tensors state() const;
  // Copies a state() in place; throws Error for what is missing or of another shape.
  void restore(const Tensors& state);

 private:
  struct Slot {
    ManifoldParameter parameter;
    at::Tensor step;  // int64 number
    at::Tensor first, second, largest;
  };
  Tensors buffers(const Slot& slot) const;
  void sgd(Slot& slot, const at::Tensor& euclidean, double lr);
  void adam(Slot& slot, const at::Tensor& euclidean, double lr);

  RiemannianOptions options_;
  std::vector<Slot> slots_;
};

}  // namespace tractrix::geometry
