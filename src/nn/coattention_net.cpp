#include "tractrix/nn/coattention_net.hpp"

#include <ATen/ATen.h>

#include "tractrix/nn/pooling.hpp"

namespace tractrix::nn {

CoattentionNetImpl::CoattentionNetImpl(const CoattentionOptions& options) : options_(options) {
  TORCH_CHECK(!options.gene_widths.empty() && options.gene_widths.back() == options.dim,
              "CoattentionNet: the last gene width must be dim");
  const MlpOptions patches{.widths = {options.patch_columns, options.dim},
                           .dropout = options.dropout};
  if (options.embeds_patches) wsi_net_ = register_module("wsi_net", Mlp(patches));
  const GeneTokensOptions genes{
      .groups = options.groups, .widths = options.gene_widths, .dropout = options.dropout};
  if (options.embeds_genes) sig_networks_ = register_module("sig_networks", GeneTokens(genes));
  if (!options.transport) {
    const MultiheadAttentionOptions attention{.dim = options.dim, .heads = 1, .form = options.form};
    coattn_ = register_module("coattn", MultiheadAttention(attention));
  }
  path_ = make_branch("path");
  omic_ = make_branch("omic");
  fusion_ = PairFusion::make(*this, options.dim, options.bilinear, options.dropout);
  if (options.classes > 0)
    classifier_ = register_module("classifier", torch::nn::Linear(options.dim, options.classes));
}

CoattentionNetImpl::Branch CoattentionNetImpl::make_branch(const std::string& name) {
  const auto& o = options_;
  const TransformerEncoderOptions transformer{.dim = o.dim,
                                              .heads = o.heads,
                                              .feedforward = o.feedforward,
                                              .dropout = o.dropout,
                                              .layers = o.layers};
  const GatedAttentionOptions head{.in = o.dim, .hidden = o.attention, .dropout = o.dropout};
  const MlpOptions rho{.widths = {o.dim, o.dim}, .dropout = o.dropout};
  Branch branch;
  branch.transformer = register_module(name + "_transformer", TransformerEncoder(transformer));
  branch.head = register_module(name + "_attention_head", GatedAttention(head));
  branch.rho = register_module(name + "_rho", Mlp(rho));
  return branch;
}

CoattentionNetImpl::Pooled CoattentionNetImpl::pool(Branch& branch, const at::Tensor& tokens) {
  const at::Tensor rows = branch.transformer->forward(tokens).squeeze(1);  // [groups, dim]
  const at::Tensor scores = branch.head->forward(rows);                    // [groups, 1]
  const at::Tensor pooled = attention_pool(rows, scores).pooled;
  return {branch.rho->forward(pooled), scores.t(), rows, pooled};
}

at::Tensor CoattentionNetImpl::ask(const at::Tensor& tokens, const at::Tensor& patches,
                                   const at::Tensor& cost, CoattentionOutput& out) {
  if (options_.transport) {
    const Transport found = cost.defined()
                                ? transport_of_cost(cost, *options_.transport)
                                : transport(patches, tokens.squeeze(1), *options_.transport);
    out.iterations = found.iterations;
    out.coattention = found.plan.t().to(patches.scalar_type());  // [groups, N]
    return out.coattention.matmul(patches).unsqueeze(1);
  }
  const at::Tensor bag = patches.unsqueeze(1);  // [N, 1, dim]
  const auto [attended, scores] = coattn_->forward(tokens, bag, bag);
  out.coattention = scores.flatten(0, 2);
  return attended;
}

CoattentionOutput CoattentionNetImpl::forward(const at::Tensor& bag, const at::Tensor& genes) {
  TORCH_CHECK(bag.dim() == 2 && bag.size(0) > 0 && genes.dim() == 2 && genes.size(0) == 1,
              "CoattentionNet: the bag must be [N, D] with N > 0 and the genes [1, G]");
  return combine(embed_patches(bag), embed_genes(genes));
}

at::Tensor CoattentionNetImpl::embed_patches(const at::Tensor& bag) {
  return wsi_net_->forward(bag);
}

at::Tensor CoattentionNetImpl::embed_genes(const at::Tensor& genes) {
  return sig_networks_->forward(genes).transpose(0, 1);
}

CoattentionOutput CoattentionNetImpl::combine(const at::Tensor& patches, const at::Tensor& tokens,
                                              const at::Tensor& cost) {
  CoattentionOutput out;
  const Pooled path = pool(path_, ask(tokens, patches, cost, out)), omic = pool(omic_, tokens);
  out.path = path.scores;
  out.omic = omic.scores;
  out.path_pooled = path.pooled;
  out.omic_rows = omic.rows;
  out.fused = fusion_.forward(path.vector, omic.vector);
  if (classifier_) out.logits = classifier_->forward(out.fused);
  return out;
}

}  // namespace tractrix::nn
