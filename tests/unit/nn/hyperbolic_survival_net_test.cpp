// The network of H2-Surv: its nodes by other forms of the same geometry, its heads, its skeleton.
#include "tractrix/nn/hyperbolic_survival_net.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tractrix/geometry/midpoint.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace hyperbolic_survival_cases {

namespace poincare = geometry::poincare;

HyperbolicSurvivalOptions small() {
  HyperbolicSurvivalOptions options;
  options.net.patch_columns = 10;
  options.net.groups = {{0, 1, 2}, {2, 3, 4, 5}};
  options.net.dim = 8;
  options.net.gene_widths = {8};
  options.net.attention = 4;
  options.net.heads = 2;
  options.net.feedforward = 8;
  options.net.layers = 1;
  options.net.classes = 1;
  options.net.transport = TransportOptions{};
  HyMapOptions map;
  map.patch_columns = 10;
  map.dim = 8;
  map.gene_columns = 6;
  map.curvature.initial = 0.7;
  options.hymap = map;
  return options;
}

HyperbolicSurvivalNet made(const HyperbolicSurvivalOptions& options) {
  draw_from(Seed(1));
  HyperbolicSurvivalNet net(options);
  cast(*net, at::kCPU, at::kDouble);
  net->eval();
  return net;
}

HyperbolicSurvivalOutput run(HyperbolicSurvivalNet& net) {
  return net->forward(normal(Seed(2), {5, 10}), normal(Seed(3), {1, 6}));
}

at::Tensor weight(HyperbolicSurvivalNet& net, const char* name) {
  return net->named_parameters()[name];
}

bool close(const at::Tensor& a, const at::Tensor& b) { return at::allclose(a, b, 1e-9, 1e-11); }

// Points of the ball: nodes are in Lorentz scaling.
at::Tensor point(const at::Tensor& node, const at::Tensor& c) {
  return poincare::exp0(node / 2, c);
}

TEST(HyperbolicSurvivalNet, ALinearHeadSeesTheTangentVectorOfThePatient) {
  auto net = made(small());
  const auto out = run(net);
  EXPECT_TRUE(close(out.logits, at::linear(out.nodes.patient / 2, weight(net, "classifier.weight"),
                                           weight(net, "classifier.bias"))));
}

// log(|w - x|^2 / (1 - |x|^2)) / s of the ball scaled to radius 1, by coordinates.
TEST(HyperbolicSurvivalNet, AnIdealPointIsABusemannFunction) {
  auto options = small();
  options.head = RiskHead::ideal_point;
  auto net = made(options);
  const auto out = run(net);
  const at::Tensor c = net->map()->curvature(), s = c.sqrt();
  const at::Tensor x = s * point(out.nodes.patient, c), ideal = weight(net, "ideal_point");
  const at::Tensor w = ideal / ideal.norm();
  const at::Tensor value = ((w - x).square().sum() / (1 - x.square().sum())).log() / s;
  EXPECT_TRUE(
      close(out.logits.squeeze(),
            (weight(net, "classifier.weight") * value + weight(net, "classifier.bias")).squeeze()));
}

TEST(HyperbolicSurvivalNet, ARegressionHeadIsTheBallsOwn) {
  auto options = small();
  options.head = RiskHead::regression;
  auto net = made(options);
  const auto out = run(net);
  const at::Tensor c = net->map()->curvature();
  EXPECT_TRUE(close(out.logits,
                    poincare::regression(point(out.nodes.patient, c), weight(net, "classifier.z"),
                                         weight(net, "classifier.bias"), c)));
}

TEST(HyperbolicSurvivalNet, MidpointsAreTheBallsGyromidpoints) {
  for (const auto skeleton : {TreeSkeleton::gyromid, TreeSkeleton::einstein}) {
    auto options = small();
    options.skeleton = skeleton;
    options.pooling = GenePooling::mean;
    auto net = made(options);
    const auto out = run(net);
    const at::Tensor c = net->map()->curvature();
    const at::Tensor patches = point(out.nodes.patches, c), genes = point(out.nodes.genes, c);
    EXPECT_TRUE(close(point(out.nodes.wsi, c)[0],
                      geometry::gyromidpoint(patches, out.attention.squeeze(0), c)));
    for (int64_t k = 0; k < 2; ++k) {
      const auto& group = options.net.groups[static_cast<size_t>(k)];
      EXPECT_TRUE(close(
          point(out.nodes.pathways, c)[k],
          geometry::gyromidpoint(genes.index_select(0, at::tensor(group, at::kLong)), {}, c)));
    }
    // A midpoint is never further out than its furthest point.
    EXPECT_LE(out.nodes.wsi.norm().item<double>(),
              out.nodes.patches.norm(2, {1}).max().item<double>());
  }
}

TEST(HyperbolicSurvivalNet, TheCostOfThePlanFollowsItsOption) {
  auto options = small();
  auto plain = made(options);
  options.hyperbolic_cost = true;
  auto curved = made(options);
  const at::Tensor a = run(plain).attention, b = run(curved).attention;
  EXPECT_FALSE(at::allclose(a, b, 1e-6, 1e-9));
  EXPECT_NEAR(b.sum().item<double>(), 1, 0.2);
  // Plans carry no gradient.
  EXPECT_FALSE(b.requires_grad());
}

TEST(HyperbolicSurvivalNet, AMissingModalityHasNoNodes) {
  for (const auto skeleton : {TreeSkeleton::motcat_tangent, TreeSkeleton::gyromid}) {
    auto options = small();
    options.skeleton = skeleton;
    options.families = {{0, 1}};
    auto net = made(options);
    const auto genes = net->forward({}, normal(Seed(3), {1, 6})),
               bag = net->forward(normal(Seed(2), {5, 10}), {});
    EXPECT_FALSE(genes.nodes.wsi.defined() || genes.nodes.patches.defined());
    EXPECT_TRUE(genes.nodes.families.defined() && genes.logits.isfinite().all().item<bool>());
    EXPECT_FALSE(bag.nodes.pathways.defined() || bag.nodes.families.defined());
    EXPECT_TRUE(bag.logits.isfinite().all().item<bool>());
    EXPECT_THROW(net->forward({}, {}), c10::Error);
  }
}

TEST(HyperbolicSurvivalNet, RefusesAPathwayWithoutGenes) {
  auto options = small();
  options.net.groups.emplace_back();
  EXPECT_THROW(HyperbolicSurvivalNet{options}, c10::Error);
}

}  // namespace hyperbolic_survival_cases
}  // namespace tractrix::nn
