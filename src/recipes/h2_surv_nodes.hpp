// The nodes of recipes/h2_surv.cpp among its outputs, and what is logged of them.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "h2_surv_options.hpp"

namespace tractrix::recipes::h2_surv {

inline constexpr const char* kNodes[] = {"patches",  "genes",    "wsi",
                                         "pathways", "families", "patient"};

inline at::Tensor& node(nn::HierarchyNodes& n, size_t i) {
  at::Tensor* const all[] = {&n.patches, &n.genes, &n.wsi, &n.pathways, &n.families, &n.patient};
  return *all[i];
}

// Rows that L_intra looks at; drawn from the patient's own stream of this step.
inline at::Tensor chosen(const at::Tensor& patches, const at::Tensor& attention, const H2m& options,
                         const Seed& seed) {
  const int64_t n = patches.size(0), most = std::min(options.sample, n);
  if (options.patches == Patches::all || most == n) return patches;
  if (options.patches == Patches::attended)
    return patches.index_select(0, std::get<1>(attention.detach().sum(0).topk(most)));
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t i = 0; i < static_cast<size_t>(most); ++i) {
    const double place = seed.uniform(i) * static_cast<double>(order.size() - i);
    std::swap(order[i], order[i + static_cast<size_t>(place)]);
  }
  order.resize(static_cast<size_t>(most));
  return patches.index_select(0, at::tensor(order, at::kLong).to(patches.device()));
}

// Of the outputs node.*.
inline nn::HierarchyNodes nodes_of(const Tensors& out) {
  nn::HierarchyNodes nodes;
  for (size_t i = 0; i < std::size(kNodes); ++i)
    if (const at::Tensor* value = out.find(std::string("node.") + kNodes[i]))
      node(nodes, i) = *value;
  return nodes;
}

// s times the distance from the origin: quantiles of each kind of node, the value of single ones.
inline void add_radii(const char* name, const at::Tensor& nodes, const at::Tensor& c,
                      recipe::Terms& terms) {
  if (!nodes.defined()) return;
  const at::Tensor r = c.sqrt() * nodes.detach().norm(2, {1});
  const at::Tensor at_parts = at::quantile(r, at::tensor({0.05, 0.5, 0.95}, r.options()));
  const std::string prefix = std::string("r_") + name;
  terms.push_back({prefix + "_q05", at_parts[0], 0});
  terms.push_back({prefix + "_q50", at_parts[1], 0});
  terms.push_back({prefix + "_q95", at_parts[2], 0});
}

// Terms of weight 0: means over an epoch's training patients in metrics.jsonl and the log.
inline void add_diagnostics(const nn::HierarchyNodes& nodes, const at::Tensor& c,
                            const at::Tensor& clipped, double k, recipe::Terms& terms) {
  const at::NoGradGuard no_grad;
  terms.push_back({"curvature", c.detach(), 0});
  terms.push_back({"clipped", clipped, 0});
  if (nodes.pathways.defined())
    terms.push_back({"clamped", losses::clamped_apertures(nodes.pathways, c, k), 0});
  const auto single = [&](const char* name, const at::Tensor& of) {
    if (of.defined()) terms.push_back({name, (c.sqrt() * of.detach().norm()).reshape({}), 0});
  };
  single("r_patient", nodes.patient);
  single("r_wsi", nodes.wsi);
  add_radii("pathway", nodes.pathways, c, terms);
  add_radii("gene", nodes.genes, c, terms);
  add_radii("patch", nodes.patches, c, terms);
}

}  // namespace tractrix::recipes::h2_surv
