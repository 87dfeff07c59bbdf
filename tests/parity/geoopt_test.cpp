// geoopt's optimizers on its manifolds, ten steps each, and its operations on the ball.
#include <torch/torch.h>

#include "support/golden_classes.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/geometry/riemannian.hpp"

namespace tractrix::test {
namespace {

using namespace geometry;  // NOLINT: a test of this room

RiemannianOptions options_of(const Golden& golden, RiemannianRule rule) {
  const Json& config = golden.config();
  RiemannianOptions o{.rule = rule, .euclidean_start = true};
  o.momentum = config.value("momentum", 0.0);
  o.dampening = config.value("dampening", 0.0);
  o.nesterov = config.value("nesterov", false);
  const auto betas = config.value("betas", std::vector<double>{.9, .999});
  o.beta1 = betas[0], o.beta2 = betas[1];
  o.amsgrad = config.value("amsgrad", false);
  o.weight_decay = config.value("weight_decay", 0.0);
  o.stabilize = config.value("stabilize", int64_t{0});
  return o;
}

struct Space {
  std::shared_ptr<const Manifold> manifold;
  std::function<at::Tensor(const at::Tensor&, const at::Tensor&)> distance;
};

Space ball(const Golden& golden, Retraction retraction) {
  const double c = golden.config().at("manifold").at("c");
  return {std::make_shared<PoincareManifold>(c, retraction), [c](const auto& x, const auto& y) {
            return poincare::distance(x, y, torch::full({}, c, torch::kDouble));
          }};
}

// The distance as a function of all coordinates, as the library differentiates it.
Space hyperboloid(const Golden& golden) {
  const double k = golden.config().at("manifold").at("k");
  return {std::make_shared<LorentzManifold>(1 / k), [k](const auto& x, const auto& y) {
            const auto product = x * y;
            return std::sqrt(k) * ((2 * product.select(1, 0) - product.sum(1)) / k).acosh();
          }};
}

Tensors descend(Golden& golden, const Space& space, RiemannianRule rule) {
  auto x = golden.value("in/start").requires_grad_(true);
  const auto target = golden.value("in/target"), w = golden.value("in/w");
  RiemannianOptimizer optimizer(options_of(golden, rule), {{"x", x, space.manifold}});
  std::vector<at::Tensor> params{x.detach().clone()}, losses, grads;
  for (int64_t i = 0; i < golden.config().at("steps").get<int64_t>(); ++i) {
    optimizer.zero_grad();
    const auto loss = (w * space.distance(x, target).square()).sum();
    loss.backward();
    losses.push_back(loss.detach());
    grads.push_back(x.grad().clone());
    optimizer.step(golden.config().at("lr"));
    params.push_back(x.detach().clone());
  }
  Tensors out{{"params", torch::stack(params)},
              {"loss", torch::stack(losses)},
              {"grad", torch::stack(grads)}};
  for (const auto& [key, tensor] : optimizer.state())
    for (const std::string name : {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"})
      if (key == "riemannian/" + name + "/x") out["state_" + name] = tensor.expand_as(x);
  if (golden.has("out/state_momentum_buffer"))
    out["state_momentum_buffer"] = optimizer.state().at("riemannian/momentum/x");
  return out;
}

template <RiemannianRule rule, Retraction retraction>
Tensors on_ball(Golden& golden) {
  return descend(golden, ball(golden, retraction), rule);
}
template <RiemannianRule rule>
Tensors on_hyperboloid(Golden& golden) {
  return descend(golden, hyperboloid(golden), rule);
}

constexpr auto kSgd = RiemannianRule::sgd, kAdam = RiemannianRule::adam;
const bool kBallSgd =
    knows_class("RiemannianSGD on PoincareBall", on_ball<kSgd, Retraction::addition>);
const bool kBallAdam =
    knows_class("RiemannianAdam on PoincareBall", on_ball<kAdam, Retraction::addition>);
const bool kExactSgd =
    knows_class("RiemannianSGD on PoincareBallExact", on_ball<kSgd, Retraction::exponential>);
const bool kExactAdam =
    knows_class("RiemannianAdam on PoincareBallExact", on_ball<kAdam, Retraction::exponential>);
const bool kLorentzSgd = knows_class("RiemannianSGD on Lorentz", on_hyperboloid<kSgd>);
const bool kLorentzAdam = knows_class("RiemannianAdam on Lorentz", on_hyperboloid<kAdam>);

}  // namespace
}  // namespace tractrix::test
