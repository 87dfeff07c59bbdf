// geoopt's optimizers on its manifolds, ten steps each, and its operations on the ball.
#include <torch/torch.h>

#include "support/golden_classes.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/geometry/reference.hpp"
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
  // Points on the projection's boundary: the rounding of 1 - c|x|^2 is 1e-11 of it and enters the
  // library's gradients squared.
  if (golden.name().ends_with("boundary")) golden.tolerate({1e-7, 1e-5});
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

struct Ball {
  Golden& golden;
  at::Tensor c, x, y;
  explicit Ball(Golden& g)
      : golden(g), c(torch::softplus(g.input("isp_c"))), x(g.input("x")), y(g.input("y")) {}
  at::Tensor lambda(const at::Tensor& at_x) const {
    return poincare::conformal(at_x, c).unsqueeze(-1);
  }
};

Tensors ball_maps(Golden& golden) {
  const Ball b(golden);
  const auto v = golden.input("v");
  const auto along = .4 * v / (b.lambda(b.x) * v.norm(2, 1, true));
  return {{"expmap0", poincare::exp0(v, b.c)},
          {"logmap0", poincare::log0(b.x, b.c)},
          {"expmap", poincare::project(poincare::exp(b.x, v, b.c), b.c)},
          {"expmap_noproject", poincare::exp(b.x, v, b.c)},
          {"logmap", poincare::log(b.x, b.y, b.c)},
          {"geodesic", poincare::geodesic(.3, b.x, b.y, b.c)},
          {"geodesic_unit", poincare::exp(b.x, along, b.c)},
          {"retr", poincare::project(b.x + .1 * v, b.c)}};
}

// `inner` has the library's shape: [N, N] out of [N, 1] and [N].
Tensors ball_distances(Golden& golden) {
  const Ball b(golden);
  const auto a = golden.input("a"), d = poincare::distance(b.x, b.y, b.c);
  const auto lambda = b.lambda(b.x), plane = poincare::distance_to_plane(b.x, b.y, a, b.c);
  return {{"dist", d},
          {"dist2", d.square()},
          {"dist0", poincare::distance(b.x, torch::zeros_like(b.x), b.c)},
          {"lambda_x", lambda.squeeze(-1)},
          {"norm", (lambda.squeeze(-1) * a.norm(2, 1))},
          {"inner", lambda.square() * (a * b.y).sum(1)},
          {"dist2plane_signed", plane},
          {"dist2plane", plane.abs()},
          {"dist2plane_signed_scaled", poincare::distance_to_plane(b.x, b.y, a, b.c, true)},
          {"pairwise", poincare::distance(b.x.unsqueeze(1), b.y.unsqueeze(0), b.c)}};
}

Tensors ball_gyrovectors(Golden& golden) {
  const Ball b(golden);
  const auto w = golden.input("w"), m = golden.input("m"), tangent = poincare::log0(b.x, b.c);
  const auto number = [](double r) { return torch::full({}, r, torch::kDouble); };
  // tanh(|w x|/|x| artanh(s|x|)) w x/(s|w x|).
  const auto scaled = w * tangent;
  return {{"add", poincare::mobius_add(b.x, b.y, b.c)},
          {"sub", poincare::mobius_add(b.x, -b.y, b.c)},
          {"coadd", poincare::mobius_coadd(b.x, b.y, b.c)},
          {"cosub", poincare::mobius_coadd(b.x, -b.y, b.c)},
          {"scalar_2", poincare::mobius_scalar(number(2), b.x, b.c)},
          {"scalar_m03", poincare::mobius_scalar(number(-.3), b.x, b.c)},
          {"pointwise", poincare::exp0(scaled, b.c)},
          {"matvec", poincare::mobius_matvec(m, b.x, b.c)},
          {"fn_relu", poincare::exp0(torch::relu(tangent), b.c)},
          {"gyration", poincare::gyration(b.x, b.y, w, b.c)}};
}

Tensors ball_transport(Golden& golden) {
  const Ball b(golden);
  const auto v = golden.input("v");
  const auto step = [&](const at::Tensor& to) { return poincare::transport(b.x, to, b.y, b.c); };
  return {{"transp", poincare::transport(b.x, b.y, v, b.c)},
          {"transp0", poincare::transport0(b.x, v, b.c)},
          {"transp0back", v * b.lambda(b.x) / 2},
          {"egrad2rgrad", v / b.lambda(b.x).square()},
          {"transp_follow_retr", step(poincare::project(b.x + .1 * v, b.c))},
          {"transp_follow_expmap", step(poincare::project(poincare::exp(b.x, .1 * v, b.c), b.c))}};
}

// geoopt_ball_{maps, dist, mobius, transport}_*; the midpoints of the library take signed weights
// and are left out.
Tensors run_ball(Golden& golden) {
  if (golden.has("out/expmap0")) return ball_maps(golden);
  if (golden.has("out/dist")) return ball_distances(golden);
  if (golden.has("out/coadd")) return ball_gyrovectors(golden);
  return ball_transport(golden);
}

namespace lib = geometry::reference::geoopt;

Tensors hyperboloid_maps(Golden& golden) {
  const auto k = golden.input("k"), x = golden.input("x"), y = golden.input("y");
  const auto u = golden.input("u"), v0 = golden.input("v0");
  const auto o = lib::origin(x, k).expand_as(x), w = lib::project_tangent(x, u, k);
  const auto inside = .5 * u.narrow(1, 1, u.size(1) - 1).tanh();
  return {{"projx", lib::project(u, k)},
          {"proju", w},
          {"expmap0", lib::project(lib::exp(o, v0, k), k)},
          {"logmap0", lib::log(o, x, k)},
          {"logmap0back", lib::log(x, o, k)},
          {"expmap", lib::project(lib::exp(x, w, k), k)},
          {"expmap_raw", lib::exp(x, w, k)},
          {"logmap", lib::log(x, y, k)},
          {"lorentz_to_poincare", lib::lorentz_to_poincare(x, k)},
          {"poincare_to_lorentz", lib::poincare_to_lorentz(inside, k)}};
}

Tensors hyperboloid_metric(Golden& golden) {
  const auto k = golden.input("k"), x = golden.input("x"), y = golden.input("y");
  const auto u = golden.input("u"), v0 = golden.input("v0");
  const auto o = lib::origin(x, k).expand_as(x), w = lib::project_tangent(x, u, k);
  const auto raised = torch::cat({-u.narrow(1, 0, 1), u.narrow(1, 1, u.size(1) - 1)}, 1);
  const auto next = lib::project(lib::exp(x, .3 * w, k), k);
  return {{"dist", lib::distance(x, y, k).squeeze(1)},
          {"dist0", lib::distance(o, x, k).squeeze(1)},
          {"inner", lib::lorentz_inner(u, y).squeeze(1)},
          {"inner0", lib::lorentz_inner(o, x).squeeze(1)},
          {"norm", lib::lorentz_norm(w).squeeze(1)},
          {"egrad2rgrad", lib::project_tangent(x, raised, k)},
          {"transp", lib::transport(x, y, w, k)},
          {"transp0", lib::transport(o, y, v0, k)},
          {"transp0back", lib::transport(x, o, w, k)},
          {"transp_follow_expmap", lib::transport(x, next, lib::project_tangent(x, y, k), k)},
          {"geodesic_unit", lib::project(lib::geodesic_unit(.4, x, u, k), k)}};
}

Tensors run_hyperboloid(Golden& golden) {
  return golden.has("out/dist") ? hyperboloid_metric(golden) : hyperboloid_maps(golden);
}

const bool kLorentz = knows_class("Lorentz", run_hyperboloid);
const bool kBall = knows_class("PoincareBall", run_ball);
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
