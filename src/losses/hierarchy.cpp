#include "tractrix/losses/hierarchy.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "tractrix/geometry/pair_distance.hpp"

namespace tractrix::losses {
namespace hierarchy {

at::Tensor hinge(const at::Tensor& x, const IntraOptions& options) {
  return options.soft ? at::softplus(x) : x.clamp_min(0);
}

// mean over groups of the mean over their children of [near_k - far_child + margin]_+: near [K],
// far [children].
at::Tensor grouped(const at::Tensor& near, const at::Tensor& far,
                   const std::vector<std::vector<int64_t>>& groups, const IntraOptions& options) {
  at::Tensor sum = at::zeros({}, near.options());
  for (size_t k = 0; k < groups.size(); ++k) {
    const at::Tensor rows = at::tensor(groups[k], at::kLong).to(far.device());
    const at::Tensor gap = near[static_cast<int64_t>(k)] - far.index_select(0, rows);
    sum = sum + hinge(gap + options.margin, options).mean();
  }
  return sum / static_cast<double>(groups.size());
}

at::Tensor reduced(const at::Tensor& values, Reduce reduce) {
  if (reduce == Reduce::max) return values.max();
  return reduce == Reduce::sum ? values.sum() : values.mean();
}

at::Tensor of_pathways(const nn::HierarchyNodes& nodes, const at::Tensor& c,
                       const InterOptions& options) {
  if (options.direction == Entailment::align)
    return geometry::pair_distance(nodes.wsi, nodes.pathways, c).squeeze(0);
  const bool down = options.direction == Entailment::cone_of_pathway;
  const at::Tensor &parent = down ? nodes.pathways : nodes.wsi,
                   &child = down ? nodes.wsi : nodes.pathways;
  return geometry::tangent_cone_margin(parent, child, c, options.cone).clamp_min(0);  // [K]
}

at::Tensor of_leaves(const nn::HierarchyNodes& nodes, const nn::HierarchyGroups& groups,
                     const at::Tensor& c, const InterOptions& options) {
  geometry::ConeOptions cone = options.cone;
  cone.aperture = options.leaf_aperture;
  at::Tensor loss = at::zeros({}, nodes.patient.options());
  if (nodes.patches.defined())
    loss = loss + geometry::tangent_entailment_loss(nodes.wsi, nodes.patches, c, cone);
  if (!nodes.genes.defined()) return loss;
  const auto pathways = static_cast<int64_t>(groups.pathways.size());
  for (int64_t k = 0; k < pathways; ++k) {
    const auto& group = groups.pathways[static_cast<size_t>(k)];
    const at::Tensor rows = at::tensor(group, at::kLong).to(nodes.genes.device());
    loss = loss + geometry::tangent_entailment_loss(nodes.pathways.narrow(0, k, 1),
                                                    nodes.genes.index_select(0, rows), c, cone) /
                      static_cast<double>(pathways);
  }
  return loss;
}

}  // namespace hierarchy

at::Tensor intra_margin(const nn::HierarchyNodes& nodes, const nn::HierarchyGroups& groups,
                        const at::Tensor& c, const IntraOptions& options) {
  const auto seen = [&](const at::Tensor& of) {
    return geometry::pair_distance(nodes.patient, of, c).squeeze(0);
  };
  at::Tensor loss = at::zeros({}, nodes.patient.options());
  if (nodes.wsi.defined() && nodes.patches.defined())
    loss = loss +
           hierarchy::hinge(seen(nodes.wsi) - seen(nodes.patches) + options.margin, options).mean();
  if (!nodes.pathways.defined()) return loss;
  const at::Tensor pathways = seen(nodes.pathways);
  if (nodes.genes.defined())
    loss = loss + hierarchy::grouped(pathways, seen(nodes.genes), groups.pathways, options);
  if (nodes.families.defined())
    loss = loss + hierarchy::grouped(seen(nodes.families), pathways, groups.families, options);
  return loss;
}

at::Tensor inter_entailment(const nn::HierarchyNodes& nodes, const nn::HierarchyGroups& groups,
                            const at::Tensor& c, const InterOptions& options) {
  if (!nodes.wsi.defined() || !nodes.pathways.defined())
    return at::zeros({}, nodes.patient.options());
  at::Tensor loss = hierarchy::reduced(hierarchy::of_pathways(nodes, c, options), options.reduce);
  if (options.patient) {
    const at::Tensor children = at::cat({nodes.wsi, nodes.pathways});
    loss = loss + geometry::tangent_entailment_loss(nodes.patient, children, c, options.cone);
  }
  return options.leaves ? loss + hierarchy::of_leaves(nodes, groups, c, options) : loss;
}

at::Tensor clamped_apertures(const at::Tensor& nodes, const at::Tensor& c, double k) {
  const at::Tensor radius = c.sqrt() * nodes.norm(2, {1});
  return (radius <= std::asinh(2 * k)).to(nodes.scalar_type()).mean();
}

}  // namespace tractrix::losses
