// HypLL: the linear layer, and the operations of its ball.
#include <torch/torch.h>

#include "support/golden_classes.hpp"
#include "tractrix/geometry/midpoint.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/nn/hyperbolic.hpp"

namespace tractrix::test {
namespace {

namespace poincare = geometry::poincare;

Tensors run_linear(Golden& golden) {
  const Json& config = golden.config();
  nn::HyperbolicLinear layer(nn::HyperbolicLinearOptions{
      config.at("in_features"), config.at("out_features"), config.at("bias")});
  golden.load(*layer);
  return {{"y", layer->forward(golden.input("x"), torch::softplus(golden.input("value")))}};
}

// Library names on the left; `inner` and `cdist` are left as the library shapes them.
Tensors run_geometry(Golden& golden) {
  const auto c = torch::softplus(golden.input("value"));
  const auto x = golden.input("x"), y = golden.input("y"), v = golden.input("v");
  const auto z = golden.input("z"), r = golden.input("r"), w = golden.input("w").squeeze(-1);
  const auto lambda = poincare::conformal(x, c).unsqueeze(-1);
  const auto pairs = poincare::distance(x.unsqueeze(1), y.unsqueeze(0), c);
  const auto scores = poincare::regression(x, z, r, c);
  const auto about_y0 = poincare::distance(x, y[0], c).square();
  return {{"mobius_add", poincare::mobius_add(x, y, c)},
          {"expmap0", poincare::exp0(v, c)},
          {"logmap0", poincare::log0(x, c)},
          {"expmap", poincare::exp(x, v, c)},
          {"logmap", poincare::log(x, y, c)},
          {"transp", poincare::transport(x, y, v, c)},
          {"dist", poincare::distance(x, y, c)},
          {"cdist", pairs.unsqueeze(0)},
          {"gyration", poincare::gyration(x, y, v, c)},
          {"inner", lambda.square() * (v * y).sum(1).unsqueeze(0)},
          {"euc_to_tangent", v / lambda.square()},
          {"mlr_no_offset", poincare::regression(x, z, torch::zeros_like(r), c)},
          {"mlr", scores},
          {"fully_connected", poincare::from_scores(scores, c)},
          {"midpoint", geometry::gyromidpoint(x, {}, c)},
          {"midpoint_w", geometry::gyromidpoint(x, w, c)},
          {"frechet_variance_about_y0", about_y0.mean()},
          {"frechet_mean", geometry::poincare_karcher_mean(x, {}, c)}};
}

const bool kLinear = knows_class("nn/modules/linear.py HLinear", run_linear);
const bool kGeometry =
    knows_class("manifolds/poincare_ball/math (diffgeom, linalg, stats)", run_geometry);

}  // namespace
}  // namespace tractrix::test
