#include "tractrix/nn/hyperbolic_survival_net.hpp"

#include <ATen/ATen.h>

#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/midpoint.hpp"
#include "tractrix/geometry/models.hpp"
#include "tractrix/geometry/pair_distance.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/nn/pooling.hpp"

namespace tractrix::nn {
namespace tree {

// Poincare to Lorentz scaling of a tangent vector at the origin.
at::Tensor lorentz(const at::Tensor& v) { return v.defined() ? 2 * v : v; }

at::Tensor rows_of(const at::Tensor& x, const std::vector<int64_t>& rows) {
  return x.index_select(0, at::tensor(rows, at::kLong).to(x.device()));
}

at::Tensor wide(const at::Tensor& x) { return x.to(at::kDouble); }

// (1/s) log(|w - x|^2 / (1 - |x|^2)) of the point at s times distance r, in the ball scaled to
// radius 1, for unit vectors w: (1/s) log(exp(-r) + sinh(r) |a - w|^2 / 2), a the direction.
at::Tensor busemann(const at::Tensor& v, const at::Tensor& ideal, const at::Tensor& c) {
  const at::Tensor s = wide(c).sqrt(), u = 2 * wide(v), w = wide(ideal);
  const at::Tensor r = s * u.norm(2, {1}, true).clamp_max(300);  // [1, 1]
  const at::Tensor a = u / u.norm(2, {1}, true).clamp_min(1e-150);
  const at::Tensor e = w / w.norm(2, {1}, true).clamp_min(1e-150);
  const at::Tensor apart = (a.unsqueeze(1) - e.unsqueeze(0)).square().sum(2);  // [1, classes]
  return (((-r).exp() + r.sinh() * apart / 2).log() / s).to(v.scalar_type());
}

}  // namespace tree

// Tangent vectors in Poincare scaling; undefined for a missing modality.
struct HyperbolicSurvivalNetImpl::Leaves {
  at::Tensor patches, genes;
};

HyperbolicSurvivalNetImpl::HyperbolicSurvivalNetImpl(const HyperbolicSurvivalOptions& options)
    : options_(options) {
  TORCH_CHECK(!options.net.groups.empty(), "HyperbolicSurvivalNet: needs pathways");
  for (const auto& group : options.net.groups)
    TORCH_CHECK(!group.empty(), "HyperbolicSurvivalNet: a pathway has no gene");
  if (!options.hymap) {
    skeleton_ = register_module("skeleton", CoattentionNet(options.net));
    return;
  }
  make_skeleton();
  make_head();
}

void HyperbolicSurvivalNetImpl::make_skeleton() {
  const CoattentionOptions& net = options_.net;
  const bool network = options_.skeleton == TreeSkeleton::motcat_tangent;
  const bool tokens = options_.pooling == GenePooling::snn;
  TORCH_CHECK(network || !tokens, "HyperbolicSurvivalNet: midpoints of genes need gene nodes");
  HyMapOptions map = *options_.hymap;
  map.inner_nodes = network;
  if (tokens) map.genes = GeneInput::none;
  hymap_ = register_module("hymap", HyMap(map));
  const auto attention = [&](const char* name) {
    return register_module(name,
                           GatedAttention(GatedAttentionOptions{
                               .in = net.dim, .hidden = net.attention, .dropout = net.dropout}));
  };
  if (options_.pooling == GenePooling::attention) gene_attention_ = attention("gene_attention");
  if (network) {
    CoattentionOptions inner = net;
    inner.embeds_patches = false;
    inner.embeds_genes = tokens;
    inner.classes = 0;
    skeleton_ = register_module("skeleton", CoattentionNet(inner));
  } else {
    patch_attention_ = attention("patch_attention");
    node_attention_ = attention("node_attention");
  }
  if (!options_.families.empty()) family_attention_ = attention("family_attention");
}

void HyperbolicSurvivalNetImpl::make_head() {
  const int64_t dim = options_.net.dim, classes = options_.net.classes;
  if (options_.head == RiskHead::regression) {
    const HyperbolicLinearOptions planes{.in = dim, .out = classes};
    regression_ = register_module("classifier", HyperbolicRegression(planes));
    return;
  }
  const bool ideal = options_.head == RiskHead::ideal_point;
  if (ideal) ideal_ = register_parameter("ideal_point", at::randn({classes, dim}));
  classifier_ = register_module("classifier", torch::nn::Linear(ideal ? classes : dim, classes));
}

at::Tensor HyperbolicSurvivalNetImpl::like_weights(at::IntArrayRef shape) const {
  return at::zeros(shape, parameters().front().options().requires_grad(false));
}

HyperbolicSurvivalOutput HyperbolicSurvivalNetImpl::forward(const at::Tensor& bag,
                                                            const at::Tensor& genes) {
  TORCH_CHECK(bag.defined() || genes.defined(), "HyperbolicSurvivalNet: nothing to see");
  TORCH_CHECK(!bag.defined() || (bag.dim() == 2 && bag.size(0) > 0),
              "HyperbolicSurvivalNet: the bag must be [N, D] with N > 0");
  if (!hymap_) return plain(bag, genes);
  const Leaves found = leaves(bag, genes);
  HyperbolicSurvivalOutput out;
  if (options_.skeleton == TreeSkeleton::motcat_tangent)
    by_network(found, genes, out);
  else
    by_midpoints(found, out);
  add_families(out);
  out.logits = classify(out.nodes.patient);
  out.clipped = clipped(found, out.nodes.patient);
  for (at::Tensor* node : {&out.nodes.patches, &out.nodes.genes, &out.nodes.wsi,
                           &out.nodes.pathways, &out.nodes.families, &out.nodes.patient})
    *node = tree::lorentz(*node);
  return out;
}

// Of the leaves; of the patient's node where there are none.
at::Tensor HyperbolicSurvivalNetImpl::clipped(const Leaves& leaves,
                                              const at::Tensor& patient) const {
  std::vector<at::Tensor> all;
  for (const at::Tensor& nodes : {leaves.patches, leaves.genes})
    if (nodes.defined()) all.push_back(nodes.detach());
  return hymap_->clipped(all.empty() ? patient : at::cat(all));
}

HyperbolicSurvivalOutput HyperbolicSurvivalNetImpl::plain(const at::Tensor& bag,
                                                          const at::Tensor& genes) {
  CoattentionOutput found;
  const auto groups = static_cast<int64_t>(options_.net.groups.size());
  if (bag.defined() && genes.defined()) {
    found = skeleton_->forward(bag, genes);
  } else {
    const at::Tensor tokens = genes.defined() ? skeleton_->embed_genes(genes)
                                              : like_weights({groups, 1, options_.net.dim});
    found = skeleton_->combine(
        bag.defined() ? skeleton_->embed_patches(bag) : like_weights({1, options_.net.dim}),
        tokens);
  }
  HyperbolicSurvivalOutput out;
  out.logits = found.logits;
  out.attention = found.coattention;
  out.nodes.patient = found.fused;
  return out;
}

HyperbolicSurvivalNetImpl::Leaves HyperbolicSurvivalNetImpl::leaves(const at::Tensor& bag,
                                                                    const at::Tensor& genes) {
  Leaves out;
  if (bag.defined()) out.patches = hymap_->patches(bag);
  if (genes.defined() && options_.pooling != GenePooling::snn) out.genes = hymap_->genes(genes);
  return out;
}

// [groups, dim]: of gene nodes or of MOTCAT's networks; zeros without genes.
at::Tensor HyperbolicSurvivalNetImpl::pathway_tokens(const Leaves& leaves,
                                                     const at::Tensor& genes) {
  const auto& groups = options_.net.groups;
  if (!genes.defined())
    return like_weights({static_cast<int64_t>(groups.size()), options_.net.dim});
  if (options_.pooling == GenePooling::snn)
    return hymap_->place(skeleton_->embed_genes(genes).squeeze(1), NodeKind::pathway);
  const at::Tensor scores =
      gene_attention_ ? gene_attention_->forward(leaves.genes) : leaves.genes.narrow(1, 0, 1) * 0;
  std::vector<at::Tensor> tokens;
  for (const auto& group : groups) {
    const at::Tensor rows = tree::rows_of(leaves.genes, group);
    tokens.push_back(attention_pool(rows, tree::rows_of(scores, group)).pooled);
  }
  return at::cat(tokens);
}

void HyperbolicSurvivalNetImpl::by_network(const Leaves& leaves, const at::Tensor& genes,
                                           HyperbolicSurvivalOutput& out) {
  const at::Tensor patches =
      leaves.patches.defined() ? leaves.patches : like_weights({1, options_.net.dim});
  const at::Tensor tokens = pathway_tokens(leaves, genes);
  at::Tensor cost;
  if (options_.hyperbolic_cost) {
    const at::NoGradGuard no_grad;
    cost =
        geometry::pair_distance(tree::lorentz(patches), tree::lorentz(tokens), hymap_->curvature())
            .square();
  }
  const CoattentionOutput found = skeleton_->combine(patches, tokens.unsqueeze(1), cost);
  out.attention = found.coattention;
  out.nodes.patches = leaves.patches;
  out.nodes.genes = leaves.genes;
  if (leaves.patches.defined()) out.nodes.wsi = hymap_->place(found.path_pooled, NodeKind::wsi);
  if (genes.defined()) out.nodes.pathways = hymap_->place(found.omic_rows, NodeKind::pathway);
  out.nodes.patient = hymap_->place(found.fused, NodeKind::patient);
}

// v [n, dim], weights [1, n] -> [1, dim], all in Poincare scaling and float64 inside.
at::Tensor HyperbolicSurvivalNetImpl::midpoint(const at::Tensor& v,
                                               const at::Tensor& weights) const {
  using namespace geometry;
  const at::Tensor c = tree::wide(hymap_->curvature()), w = tree::wide(weights.squeeze(0));
  const at::Tensor x = lorentz::exp0(tree::wide(tree::lorentz(v)), c);
  // The ball's gyromidpoint is the hyperboloid's centroid, which keeps its digits further out.
  const at::Tensor m = options_.skeleton == TreeSkeleton::gyromid
                           ? lorentz_centroid(x, w, c)
                           : klein_to_lorentz(einstein_midpoint(lorentz_to_klein(x, c), w, c), c);
  return (lorentz::log0(m, c) / 2).to(v.scalar_type()).unsqueeze(0);
}

void HyperbolicSurvivalNetImpl::by_midpoints(const Leaves& leaves, HyperbolicSurvivalOutput& out) {
  std::vector<at::Tensor> children;
  if (leaves.patches.defined()) {
    out.attention = patch_attention_->forward(leaves.patches).t().softmax(1);  // [1, N]
    out.nodes.wsi = midpoint(leaves.patches, out.attention);
    children.push_back(out.nodes.wsi);
  }
  if (leaves.genes.defined()) {
    const at::Tensor scores =
        gene_attention_ ? gene_attention_->forward(leaves.genes) : leaves.genes.narrow(1, 0, 1) * 0;
    std::vector<at::Tensor> pathways;
    for (const auto& group : options_.net.groups)
      pathways.push_back(midpoint(tree::rows_of(leaves.genes, group),
                                  tree::rows_of(scores, group).t().softmax(1)));
    out.nodes.pathways = at::cat(pathways);
    children.push_back(out.nodes.pathways);
  }
  const at::Tensor all = at::cat(children);
  out.nodes.patches = leaves.patches;
  out.nodes.genes = leaves.genes;
  out.nodes.patient = midpoint(all, node_attention_->forward(all).t().softmax(1));
}

// Families are pooled as genes are: in tangent coordinates, or as midpoints.
void HyperbolicSurvivalNetImpl::add_families(HyperbolicSurvivalOutput& out) {
  if (options_.families.empty() || !out.nodes.pathways.defined()) return;
  const at::Tensor scores = family_attention_->forward(out.nodes.pathways);
  std::vector<at::Tensor> all;
  for (const auto& family : options_.families) {
    const at::Tensor rows = tree::rows_of(out.nodes.pathways, family),
                     weights = tree::rows_of(scores, family).t().softmax(1);
    all.push_back(options_.skeleton == TreeSkeleton::motcat_tangent ? weights.matmul(rows)
                                                                    : midpoint(rows, weights));
  }
  out.nodes.families = at::cat(all);
}

at::Tensor HyperbolicSurvivalNetImpl::classify(const at::Tensor& v) {
  if (regression_)
    return regression_->forward(geometry::poincare::exp0(v, hymap_->curvature()),
                                hymap_->curvature());
  if (ideal_.defined()) return classifier_->forward(tree::busemann(v, ideal_, hymap_->curvature()));
  return classifier_->forward(v);
}

}  // namespace tractrix::nn
