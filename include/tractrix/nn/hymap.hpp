// HyMap of H2-Surv (CVPR 2026, no code released; reconstructed): features of patches and genes as
// tangent vectors at the origin of one Poincare ball of learnable curvature -c, scaled so that the
// exponential map does not saturate (the device of MERU), cut at a largest radius. Points are never
// written in ball coordinates: exp0 and log0 cancel, and distances are taken from tangent vectors.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tractrix/geometry/curvature.hpp"

namespace tractrix::nn {

// none: the caller has tokens of pathways and no nodes of genes. scalar: a value per gene times a
// learned vector, plus a learned vector. bag: a row of features per gene, one linear layer.
enum class GeneInput { none, scalar, bag };
// learned: times exp(a) with a <= 0, one per kind of node, 1/sqrt(dim) at first (WSI and pathways:
// node_scale times that, because their vectors come out of a LayerNorm and are longer than leaves).
// layer_norm: the same behind a LayerNorm of the leaves. clip: shortened to `feature_norm` instead.
enum class FeatureScale { learned, layer_norm, clip };
enum class NodeKind { patch, gene, wsi, pathway, patient };

struct HyMapOptions {
  int64_t patch_columns = 1024, dim = 256;
  GeneInput genes = GeneInput::scalar;
  int64_t gene_columns = 0;  // scalar: values; bag: columns of a row
  bool relu = false;         // ReLU and dropout behind the projections (MOTCAT's embedding)
  double dropout = 0.25;
  FeatureScale scale = FeatureScale::learned;
  double feature_norm = 2.3;
  double radius = 20;       // largest s times distance from the origin
  bool inner_nodes = true;  // scales for WSI, pathway and patient, too
  double node_scale = 0.5;  // at most sqrt(dim)
  geometry::CurvatureOptions curvature{1, geometry::CurvatureForm::softplus, true, 0.1, 10};
};

class HyMapImpl : public torch::nn::Module {
 public:
  explicit HyMapImpl(const HyMapOptions& options);

  // Tangent vectors in Poincare scaling: a node lies at distance 2|v| from the origin.
  at::Tensor patches(const at::Tensor& bag);   // [N, D] -> [N, dim]
  at::Tensor genes(const at::Tensor& values);  // scalar [1, G], bag [G, D] -> [G, dim]
  // A vector of the network as a node of that kind [n, dim]: scaled and cut.
  at::Tensor place(const at::Tensor& v, NodeKind kind) const;

  at::Tensor curvature() const { return curvature_->value(); }
  // Scales and curvature back into their bounds; true if the curvature had left them.
  bool clamp();
  // Part of the nodes that were cut [], of vectors that place() returned.
  at::Tensor clipped(const at::Tensor& v) const;

 private:
  at::Tensor leaf(const at::Tensor& x, NodeKind kind);

  HyMapOptions options_;
  torch::nn::Linear patch_projection_{nullptr}, gene_projection_{nullptr};
  at::Tensor gene_weight_, gene_bias_;  // [G, dim]
  torch::nn::LayerNorm patch_norm_{nullptr}, gene_norm_{nullptr};
  std::map<NodeKind, at::Tensor> log_scales_;
  std::optional<geometry::Curvature> curvature_;
};
TORCH_MODULE(HyMap);

}  // namespace tractrix::nn
