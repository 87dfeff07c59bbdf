// H2-Surv's losses on one patient's tree: against loops over other forms of the same geometry, and
// what they do to a tree that starts in no order.
#include "tractrix/losses/hierarchy.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <cmath>

#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::losses {
namespace hierarchy_cases {

const nn::HierarchyGroups kGroups{{{0, 1, 2}, {2, 3}, {4, 5, 6, 7}}, {{0, 1}, {2}}};

nn::HierarchyNodes random_nodes(uint64_t run, double scale) {
  const Seed seed(run);
  const auto some = [&](const char* name, int64_t n) {
    return (scale * normal(seed.at(name), {n, 5})).requires_grad_(true);
  };
  return {some("patches", 9),  some("genes", 8),    some("wsi", 1),
          some("pathways", 3), some("families", 2), some("patient", 1)};
}

std::vector<at::Tensor> leaves_of(const nn::HierarchyNodes& n) {
  return {n.patches, n.genes, n.wsi, n.pathways, n.families, n.patient};
}

at::Tensor curvature(double c) { return at::full({}, c, at::kDouble).requires_grad_(true); }

double distance(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c) {
  return geometry::lorentz::distance(geometry::lorentz::exp0(u, c), geometry::lorentz::exp0(v, c),
                                     c)
      .item<double>();
}

double intra_by_loops(const nn::HierarchyNodes& n, const at::Tensor& c, double margin) {
  const at::Tensor patient = n.patient[0];
  const auto hinge = [&](const at::Tensor& near, const at::Tensor& far) {
    return std::max(0.0, distance(patient, near, c) - distance(patient, far, c) + margin);
  };
  double total = 0;
  for (int64_t j = 0; j < 9; ++j) total += hinge(n.wsi[0], n.patches[j]) / 9;
  for (size_t k = 0; k < 3; ++k)
    for (int64_t g : kGroups.pathways[k])
      total += hinge(n.pathways[static_cast<int64_t>(k)], n.genes[g]) /
               (3 * static_cast<double>(kGroups.pathways[k].size()));
  for (size_t f = 0; f < 2; ++f)
    for (int64_t k : kGroups.families[f])
      total += hinge(n.families[static_cast<int64_t>(f)], n.pathways[k]) /
               (2 * static_cast<double>(kGroups.families[f].size()));
  return total;
}

TEST(IntraMargin, EqualsPlainLoops) {
  for (uint64_t run = 0; run < 12; ++run) {
    const nn::HierarchyNodes nodes = random_nodes(run, 0.6);
    const at::Tensor c = curvature(run % 2 ? 0.3 : 2.0);
    const double have = intra_margin(nodes, kGroups, c, {0.5}).item<double>();
    EXPECT_NEAR(have, intra_by_loops(nodes, c, 0.5), 1e-11);
    EXPECT_GT(intra_margin(nodes, kGroups, c, {0.5, true}).item<double>(), have);
  }
}

TEST(IntraMargin, LeavesOutWhatIsMissing) {
  nn::HierarchyNodes nodes = random_nodes(1, 0.6);
  const at::Tensor c = curvature(1);
  const double all = intra_margin(nodes, kGroups, c, {1}).item<double>();
  nn::HierarchyNodes only_path{nodes.patches, {}, nodes.wsi, {}, {}, nodes.patient},
      only_genes{{}, nodes.genes, {}, nodes.pathways, nodes.families, nodes.patient};
  EXPECT_NEAR(intra_margin(only_path, kGroups, c, {1}).item<double>() +
                  intra_margin(only_genes, kGroups, c, {1}).item<double>(),
              all, 1e-12);
}

// Cones by coordinates of the hyperboloid: another form than the tangent vectors'.
double margin_by_coordinates(const at::Tensor& parent, const at::Tensor& child, const at::Tensor& c,
                             const geometry::ConeOptions& cone) {
  return std::max(0.0, geometry::lorentz_cone_margin(geometry::lorentz::exp0(parent, c),
                                                     geometry::lorentz::exp0(child, c), c, cone)
                           .item<double>());
}

TEST(InterEntailment, EqualsPlainLoops) {
  for (uint64_t run = 0; run < 12; ++run) {
    const nn::HierarchyNodes nodes = random_nodes(run, 0.8);
    const at::Tensor c = curvature(run % 2 ? 0.5 : 1.5);
    InterOptions options;
    options.cone = {0.1, 0.7};
    std::vector<double> down, up;
    for (int64_t k = 0; k < 3; ++k) {
      down.push_back(margin_by_coordinates(nodes.pathways[k], nodes.wsi[0], c, options.cone));
      up.push_back(margin_by_coordinates(nodes.wsi[0], nodes.pathways[k], c, options.cone));
    }
    const auto have = [&] { return inter_entailment(nodes, kGroups, c, options).item<double>(); };
    EXPECT_NEAR(have(), (down[0] + down[1] + down[2]) / 3, 1e-9);
    options.reduce = Reduce::sum;
    EXPECT_NEAR(have(), down[0] + down[1] + down[2], 1e-9);
    options.reduce = Reduce::max;
    EXPECT_NEAR(have(), std::max({down[0], down[1], down[2]}), 1e-9);
    options.direction = Entailment::cone_of_wsi;
    EXPECT_NEAR(have(), std::max({up[0], up[1], up[2]}), 1e-9);
    options.direction = Entailment::align;
    options.reduce = Reduce::mean;
    EXPECT_NEAR(have(),
                (distance(nodes.wsi[0], nodes.pathways[0], c) +
                 distance(nodes.wsi[0], nodes.pathways[1], c) +
                 distance(nodes.wsi[0], nodes.pathways[2], c)) /
                    3,
                1e-11);
  }
}

TEST(InterEntailment, FurtherConesAreAdded) {
  const nn::HierarchyNodes nodes = random_nodes(4, 0.8);
  const at::Tensor c = curvature(1);
  InterOptions options;
  const double base = inter_entailment(nodes, kGroups, c, options).item<double>();
  double patient = margin_by_coordinates(nodes.patient[0], nodes.wsi[0], c, options.cone) / 4;
  for (int64_t k = 0; k < 3; ++k)
    patient += margin_by_coordinates(nodes.patient[0], nodes.pathways[k], c, options.cone) / 4;
  options.patient = true;
  EXPECT_NEAR(inter_entailment(nodes, kGroups, c, options).item<double>(), base + patient, 1e-9);
  options.patient = false;
  options.leaves = true;
  const geometry::ConeOptions within{0.1, 1.2};
  double leaves = 0;
  for (int64_t j = 0; j < 9; ++j)
    leaves += margin_by_coordinates(nodes.wsi[0], nodes.patches[j], c, within) / 9;
  for (size_t k = 0; k < 3; ++k)
    for (int64_t g : kGroups.pathways[k])
      leaves += margin_by_coordinates(nodes.pathways[static_cast<int64_t>(k)], nodes.genes[g], c,
                                      within) /
                (3 * static_cast<double>(kGroups.pathways[k].size()));
  EXPECT_NEAR(inter_entailment(nodes, kGroups, c, options).item<double>(), base + leaves, 1e-9);
}

TEST(InterEntailment, WithoutAModalityIsZero) {
  nn::HierarchyNodes nodes = random_nodes(5, 0.8);
  nodes.wsi.reset();
  EXPECT_EQ(inter_entailment(nodes, kGroups, curvature(1), {}).item<double>(), 0);
}

TEST(Hierarchy, ClampedAperturesAreCounted) {
  // sinh(0.19) < 0.2 < sinh(0.21).
  const at::Tensor nodes = at::tensor({0.19, 0.0, 0.21, 0.0}, at::kDouble).reshape({2, 2});
  EXPECT_EQ(clamped_apertures(nodes, curvature(1), 0.1).item<double>(), 0.5);
  EXPECT_EQ(clamped_apertures(nodes, curvature(4), 0.1).item<double>(), 0);
}

// Coincident nodes, nodes at the origin and nodes at the largest radius: finite gradients.
TEST(Hierarchy, EdgesAreFinite) {
  for (const double scale : {0.0, 1e-12, 9.0}) {
    nn::HierarchyNodes nodes = random_nodes(6, scale);
    nodes.wsi = nodes.patient;
    for (const auto direction :
         {Entailment::cone_of_pathway, Entailment::cone_of_wsi, Entailment::align}) {
      const at::Tensor c = curvature(1);
      InterOptions options;
      options.direction = direction;
      options.patient = options.leaves = true;
      const at::Tensor loss =
          intra_margin(nodes, kGroups, c, {0.1}) + inter_entailment(nodes, kGroups, c, options);
      EXPECT_TRUE(loss.isfinite().item<bool>());
      std::vector<at::Tensor> inputs = leaves_of(nodes);
      inputs.push_back(c);
      for (const auto& g : torch::autograd::grad({loss}, inputs, {}, {}, false, true))
        EXPECT_TRUE(!g.defined() || g.isfinite().all().item<bool>()) << scale;
    }
  }
}

double radius(const at::Tensor& nodes) { return nodes.norm(2, {1}).mean().item<double>(); }

// A tree whose nodes start at one distance from the origin, in no order.
TEST(Hierarchy, PlantedTreeIsOrderedByItsLosses) {
  nn::HierarchyNodes nodes = random_nodes(7, 1);
  {
    const at::NoGradGuard no_grad;
    for (at::Tensor& node : leaves_of(nodes)) node.div_(node.norm(2, {1}, true));
  }
  const auto ordered = [&] {
    constexpr double kMargin = 0.1;
    return radius(nodes.patient) + kMargin < std::min(radius(nodes.wsi), radius(nodes.pathways)) &&
           radius(nodes.wsi) + kMargin < radius(nodes.patches) &&
           radius(nodes.pathways) + kMargin < radius(nodes.genes);
  };
  EXPECT_FALSE(ordered());
  std::vector<at::Tensor> learnt = leaves_of(nodes);
  torch::optim::Adam adam(learnt, torch::optim::AdamOptions(0.02));
  InterOptions cones;
  cones.patient = cones.leaves = true;
  double first = 0, last = 0;
  for (int step = 0; step < 400; ++step) {
    adam.zero_grad();
    const at::Tensor c = at::ones({}, at::kDouble);
    const at::Tensor loss =
        intra_margin(nodes, kGroups, c, {0.1}) + inter_entailment(nodes, kGroups, c, cones);
    loss.backward();
    adam.step();
    last = loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_LT(last, first / 10);
  EXPECT_TRUE(ordered()) << radius(nodes.patient) << " " << radius(nodes.wsi) << " "
                         << radius(nodes.pathways) << " " << radius(nodes.patches) << " "
                         << radius(nodes.genes);
}

}  // namespace hierarchy_cases
}  // namespace tractrix::losses
