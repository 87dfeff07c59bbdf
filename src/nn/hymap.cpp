#include "tractrix/nn/hymap.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tractrix/geometry/tangent.hpp"

namespace tractrix::nn {
namespace hymap_detail {

constexpr std::pair<NodeKind, const char*> kNames[] = {{NodeKind::patch, "log_scale_patch"},
                                                       {NodeKind::gene, "log_scale_gene"},
                                                       {NodeKind::wsi, "log_scale_wsi"},
                                                       {NodeKind::pathway, "log_scale_pathway"},
                                                       {NodeKind::patient, "log_scale_patient"}};

bool is_leaf(NodeKind kind) { return kind == NodeKind::patch || kind == NodeKind::gene; }

}  // namespace hymap_detail

HyMapImpl::HyMapImpl(const HyMapOptions& options) : options_(options) {
  using namespace hymap_detail;
  const auto& o = options_;
  TORCH_CHECK(o.patch_columns > 0 && o.dim > 0 && o.radius > 0, "HyMap: needs widths above 0");
  TORCH_CHECK(o.genes == GeneInput::none || o.gene_columns > 0, "HyMap: needs columns of genes");
  patch_projection_ =
      register_module("patch_projection", torch::nn::Linear(o.patch_columns, o.dim));
  if (o.genes == GeneInput::bag)
    gene_projection_ = register_module("gene_projection", torch::nn::Linear(o.gene_columns, o.dim));
  if (o.genes == GeneInput::scalar) {
    // What a Linear(1, dim) per gene starts with.
    gene_weight_ = register_parameter("gene_weight", 2 * at::rand({o.gene_columns, o.dim}) - 1);
    gene_bias_ = register_parameter("gene_bias", 2 * at::rand({o.gene_columns, o.dim}) - 1);
  }
  if (o.scale == FeatureScale::layer_norm) {
    const torch::nn::LayerNormOptions norm({o.dim});
    patch_norm_ = register_module("patch_norm", torch::nn::LayerNorm(norm));
    if (o.genes != GeneInput::none)
      gene_norm_ = register_module("gene_norm", torch::nn::LayerNorm(norm));
  }
  for (const auto& [kind, name] : kNames) {
    const bool absent = kind == NodeKind::gene && o.genes == GeneInput::none;
    if (o.scale == FeatureScale::clip || absent || (!is_leaf(kind) && !o.inner_nodes)) continue;
    const bool inner = kind == NodeKind::wsi || kind == NodeKind::pathway;
    const double first = (inner ? o.node_scale : 1) / std::sqrt(static_cast<double>(o.dim));
    log_scales_[kind] = register_parameter(name, at::full({}, std::min(0.0, std::log(first))));
  }
  curvature_.emplace(*this, "curvature", o.curvature);
}

at::Tensor HyMapImpl::leaf(const at::Tensor& x, NodeKind kind) {
  at::Tensor v = x;
  if (options_.relu) v = at::dropout(at::relu(v), options_.dropout, is_training());
  auto& norm = kind == NodeKind::patch ? patch_norm_ : gene_norm_;
  if (norm) v = norm->forward(v);
  return place(v, kind);
}

at::Tensor HyMapImpl::patches(const at::Tensor& bag) {
  return leaf(patch_projection_->forward(bag), NodeKind::patch);
}

at::Tensor HyMapImpl::genes(const at::Tensor& values) {
  if (gene_projection_) return leaf(gene_projection_->forward(values), NodeKind::gene);
  TORCH_CHECK(gene_weight_.defined() && values.dim() == 2 && values.size(0) == 1,
              "HyMap: values of genes must be [1, G]");
  return leaf(values.t() * gene_weight_ + gene_bias_, NodeKind::gene);
}

// The cut is a guard, not a part of the model: it has no gradient to the curvature.
at::Tensor HyMapImpl::place(const at::Tensor& v, NodeKind kind) const {
  const auto found = log_scales_.find(kind);
  at::Tensor scaled = found == log_scales_.end() ? v : found->second.exp() * v;
  if (options_.scale == FeatureScale::clip)
    scaled = geometry::tangent::clip(scaled, at::ones({}, scaled.options()), options_.feature_norm);
  return geometry::tangent::clip(scaled, curvature().detach(), options_.radius / 2);
}

bool HyMapImpl::clamp() {
  const at::NoGradGuard no_grad;
  for (auto& [kind, scale] : log_scales_) scale.clamp_max_(0);
  const at::Tensor before = curvature().clone();
  curvature_->clamp();
  return !at::equal(before, curvature());
}

at::Tensor HyMapImpl::clipped(const at::Tensor& v) const {
  const at::NoGradGuard no_grad;
  const at::Tensor radius = 2 * curvature().sqrt() * v.norm(2, {1});
  return (radius >= options_.radius * (1 - 1e-5)).to(v.scalar_type()).mean();
}

}  // namespace tractrix::nn
