// Gradients of every operation against central differences in float64, the curvature's included.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tractrix/geometry/cone.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/midpoint.hpp"
#include "tractrix/geometry/models.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/geometry/reference.hpp"
#include "tractrix/geometry/tangent.hpp"

namespace tractrix::geometry {
namespace {

using Leaves = std::vector<at::Tensor>;
using Operation = std::function<at::Tensor(const Leaves&)>;

// Three vectors of 4 points each within the ball of radius 0.9, and c = 0.8.
Leaves leaves() {
  torch::manual_seed(23);
  Leaves all;
  for (int i = 0; i < 3; ++i) all.push_back(torch::rand({4, 3}, torch::kDouble) - .5);
  all.push_back(torch::full({}, .8, torch::kDouble));
  for (auto& x : all) x.requires_grad_(true);
  return all;
}

void expect_slopes(const char* name, const Operation& operation) {
  Leaves all = leaves();
  const auto probe = torch::randn_like(operation(all));
  const auto value = [&] { return (operation(all) * probe).sum(); };
  const auto gradients = torch::autograd::grad({value()}, all, {}, {}, false, true);
  torch::NoGradGuard no_grad;
  for (size_t k = 0; k < all.size(); ++k)
    for (int64_t i = 0; i < all[k].numel(); ++i) {
      auto element = all[k].view(-1)[i];
      const double start = element.item<double>(), step = 1e-5;
      element.fill_(start + step);
      const double above = value().item<double>();
      element.fill_(start - step);
      const double below = value().item<double>();
      element.fill_(start);
      const auto& g = gradients[k];
      const double have = g.defined() ? g.reshape({-1})[i].item<double>() : 0;
      EXPECT_NEAR(have, (above - below) / (2 * step), 2e-8) << name << ", leaf " << k;
    }
}

TEST(Slopes, TangentAndLorentz) {
  expect_slopes("distance", [](auto& x) { return tangent::distance(x[0], x[1], x[3]); });
  expect_slopes("angle", [](auto& x) { return tangent::exterior_angle(x[0], x[1], x[3]); });
  expect_slopes("aperture", [](auto& x) { return tangent::half_aperture(x[0], x[3]); });
  expect_slopes("clip", [](auto& x) { return tangent::clip(x[0], x[3], .4); });
  expect_slopes("log", [](auto& x) { return lorentz::log(x[0], x[1], x[3]); });
  expect_slopes("exp", [](auto& x) { return lorentz::exp(x[0], x[1], x[3]); });
  expect_slopes("length", [](auto& x) { return lorentz::length(x[0], x[1], x[3]); });
  expect_slopes("transport", [](auto& x) { return lorentz::transport(x[0], x[1], x[2], x[3]); });
  expect_slopes("margin", [](auto& x) {
    return lorentz_cone_margin(x[0], x[1], x[3], {.k = .05, .aperture = .7});
  });
  expect_slopes("loss", [](auto& x) { return lorentz_entailment_loss(x[0], x[1], x[3]); });
  expect_slopes("centroid", [](auto& x) { return lorentz_centroid(x[0], {}, x[3]); });
}

TEST(Slopes, Poincare) {
  expect_slopes("coadd", [](auto& x) { return poincare::mobius_coadd(x[0], x[1], x[3]); });
  expect_slopes("scalar", [](auto& x) { return poincare::mobius_scalar(x[2][0][0], x[0], x[3]); });
  expect_slopes("gyration", [](auto& x) { return poincare::gyration(x[0], x[1], x[2], x[3]); });
  expect_slopes("transport", [](auto& x) { return poincare::transport(x[0], x[1], x[2], x[3]); });
  expect_slopes("geodesic", [](auto& x) { return poincare::geodesic(.3, x[0], x[1], x[3]); });
  expect_slopes("project", [](auto& x) { return poincare::project(2 * x[0], x[3], .2); });
  expect_slopes("plane",
                [](auto& x) { return poincare::distance_to_plane(x[0], x[1], x[2], x[3], true); });
  expect_slopes("regression", [](auto& x) {
    return poincare::from_scores(poincare::regression(x[0], x[1].t(), x[2].select(1, 0), x[3]),
                                 x[3]);
  });
}

TEST(Slopes, Reference) {
  namespace meru = reference::meru;
  namespace hyptorch = reference::hyptorch;
  expect_slopes(
      "meru", [](auto& x) { return meru::pairwise_distance(meru::exp0(x[0], x[3]), x[1], x[3]); });
  expect_slopes("meru angle", [](auto& x) { return meru::exterior_angle(x[0], x[1], x[3]); });
  expect_slopes("hyptorch", [](auto& x) {
    return hyptorch::distance(hyptorch::exp0(x[0], x[3]), hyptorch::project(x[1], x[3]), x[3]);
  });
  expect_slopes("hyptorch log0", [](auto& x) { return hyptorch::log0(x[0], x[3]); });
}

// hyptorch's guards are small where nothing is at an edge: 1e-5 in its denominators.
TEST(Reference, HyptorchIsCloseToTheTrueValue) {
  const auto x = leaves();
  const auto a = reference::hyptorch::distance(x[0], x[1], x[3]);
  EXPECT_LT((a - poincare::distance(x[0], x[1], x[3])).abs().max().item<double>(), 1e-4);
  const auto far = torch::full({1, 3}, 50., torch::kDouble), c = torch::ones({}, torch::kDouble);
  EXPECT_NEAR(reference::hyptorch::exp0(far, c).norm().item<double>(), 1 - 1e-3, 1e-15);
}

}  // namespace
}  // namespace tractrix::geometry
