// The network of H2-Surv (CVPR 2026, no code released; reconstructed): HyMap's leaves, a skeleton
// that makes WSI, pathway and patient nodes of them, a head on the patient's tangent vector.
// Without HyMap it is MOTCAT's network and nothing else.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "tractrix/nn/coattention_net.hpp"
#include "tractrix/nn/gated_attention.hpp"
#include "tractrix/nn/hierarchy_nodes.hpp"
#include "tractrix/nn/hymap.hpp"
#include "tractrix/nn/hyperbolic.hpp"

namespace tractrix::nn {

// motcat_tangent: MOTCAT's transport, transformers, poolings and fusion on tangent vectors.
// gyromid, einstein: attention-weighted midpoints at each level, in the ball's or the Klein model's
// form (one and the same point; einstein loses digits beyond a radius of about 10).
enum class TreeSkeleton { motcat_tangent, gyromid, einstein };
enum class GenePooling { attention, mean, snn };  // snn: MOTCAT's tokens, no nodes of genes
// linear: on the tangent vector. ideal_point: the Busemann function of a learned point of the
// boundary. regression: signed distance to a learned hyperplane.
enum class RiskHead { linear, ideal_point, regression };

struct HyperbolicSurvivalOptions {
  CoattentionOptions net;             // widths, groups (columns, or rows of a gene bag), classes
  std::optional<HyMapOptions> hymap;  // unset: `net` as it is
  TreeSkeleton skeleton = TreeSkeleton::motcat_tangent;
  GenePooling pooling = GenePooling::attention;
  bool hyperbolic_cost = false;  // of the transport plan: squared distances of the nodes
  RiskHead head = RiskHead::linear;
  std::vector<std::vector<int64_t>> families;  // rows of the pathways
};

struct HyperbolicSurvivalOutput {
  at::Tensor logits;     // [1, classes]
  HierarchyNodes nodes;  // without HyMap only `patient`, the fused vector
  at::Tensor attention;  // [groups, N] the plan, or [1, N] the weights of patches in their midpoint
  at::Tensor clipped;    // [], part of patches and genes that were cut at the largest radius
};

class HyperbolicSurvivalNetImpl : public torch::nn::Module {
 public:
  explicit HyperbolicSurvivalNetImpl(const HyperbolicSurvivalOptions& options);
  // bag [N, D]; genes [1, G] or a gene bag [G, D]. One of them may be undefined: zeros stand for
  // its tokens, and its nodes stay undefined.
  HyperbolicSurvivalOutput forward(const at::Tensor& bag, const at::Tensor& genes);
  HyMap& map() { return hymap_; }

 private:
  struct Leaves;
  void make_skeleton();
  void make_head();
  Leaves leaves(const at::Tensor& bag, const at::Tensor& genes);
  at::Tensor pathway_tokens(const Leaves& leaves, const at::Tensor& genes);
  HyperbolicSurvivalOutput plain(const at::Tensor& bag, const at::Tensor& genes);
  void by_network(const Leaves& leaves, const at::Tensor& genes, HyperbolicSurvivalOutput& out);
  void by_midpoints(const Leaves& leaves, HyperbolicSurvivalOutput& out);
  at::Tensor midpoint(const at::Tensor& v, const at::Tensor& weights) const;
  void add_families(HyperbolicSurvivalOutput& out);
  at::Tensor clipped(const Leaves& leaves, const at::Tensor& patient) const;
  at::Tensor classify(const at::Tensor& v);
  at::Tensor like_weights(at::IntArrayRef shape) const;

  HyperbolicSurvivalOptions options_;
  CoattentionNet skeleton_{nullptr};
  HyMap hymap_{nullptr};
  GatedAttention patch_attention_{nullptr}, gene_attention_{nullptr}, node_attention_{nullptr},
      family_attention_{nullptr};
  torch::nn::Linear classifier_{nullptr};
  HyperbolicRegression regression_{nullptr};
  at::Tensor ideal_;  // [classes, dim]
};
TORCH_MODULE(HyperbolicSurvivalNet);

}  // namespace tractrix::nn
