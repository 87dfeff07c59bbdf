#include "tractrix/nn/cmta_net.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {

Mlp cmta_patch_embedding(const CmtaOptions& o) {
  if (o.linear_embeddings)
    return Mlp(MlpOptions{.widths = {o.patch_columns, o.dim}, .linear_end = true});
  const int64_t hidden = o.large ? 2 * o.dim : o.dim;
  return Mlp(MlpOptions{.widths = {o.patch_columns, hidden, o.dim}, .dropout = o.dropout});
}

GeneTokens cmta_gene_embedding(const CmtaOptions& o) {
  GeneTokensOptions tokens{.groups = o.groups, .widths = {}, .dropout = o.dropout};
  if (!o.linear_embeddings) tokens.widths.assign(o.large ? 3 : 1, o.gene_hidden);
  tokens.widths.push_back(o.dim);
  tokens.linear = o.linear_embeddings;
  return GeneTokens(tokens);
}

TokenEncoder cmta_encoder(const CmtaOptions& options, bool patches) {
  TokenEncoderOptions encoder;
  encoder.layer.dim = options.dim;
  encoder.layer.dropout = options.layer_dropout;
  encoder.layer.full = !patches && options.full_genes;
  encoder.layer.form = options.form;
  encoder.grid = patches;
  encoder.positions = options.positions;
  encoder.repeat = !options.without_repeats;
  encoder.final_norm = !options.without_final_norm;
  return TokenEncoder(encoder);
}

void check_cmta_inputs(const at::Tensor& bag, const at::Tensor& genes) {
  TORCH_CHECK(bag.dim() == 2 && bag.size(0) > 0 && genes.dim() == 2 && genes.size(0) == 1,
              "CmtaNet: the bag must be [N, D] with N > 0 and the genes [1, G]");
}

CmtaNetImpl::CmtaNetImpl(const CmtaOptions& options) : options_(options) {
  pathomics_fc_ = register_module("pathomics_fc", cmta_patch_embedding(options));
  genomics_fc_ = register_module("genomics_fc", cmta_gene_embedding(options));
  pathomics_encoder_ = register_module("pathomics_encoder", cmta_encoder(options, true));
  pathomics_decoder_ = register_module("pathomics_decoder", cmta_encoder(options, true));
  if (options.cross_attention) make_attention();
  genomics_encoder_ = register_module("genomics_encoder", cmta_encoder(options, false));
  genomics_decoder_ = register_module("genomics_decoder", cmta_encoder(options, false));
  fusion_ = PairFusion::make(*this, options.dim, options.bilinear, options.dropout);
  classifier_ = register_module("classifier", torch::nn::Linear(options.dim, options.classes));
}

void CmtaNetImpl::make_attention() {
  if (options_.shared_attention) {
    cross_ = register_module("cross_attention", SharedCrossAttention(options_.dim));
    return;
  }
  const MultiheadAttentionOptions attention{.dim = options_.dim, .heads = 1, .form = options_.form};
  p_in_g_ = register_module("P_in_G_Att", MultiheadAttention(attention));
  g_in_p_ = register_module("G_in_P_Att", MultiheadAttention(attention));
}

// Tokens [1, n, dim] of both modalities, to what each decoder makes of the other's.
void CmtaNetImpl::translate(const at::Tensor& patches, const at::Tensor& groups, CmtaOutput& out) {
  const bool exact = options_.form == Form::exact;
  if (!options_.cross_attention) {
    out.p_hat = pathomics_decoder_->forward_token(groups);
    out.g_hat = genomics_decoder_->forward_token(patches);
    return;
  }
  Factored from_genes;  // patches as mixtures of one row per gene group
  at::Tensor from_patches;
  if (cross_) {
    auto both = cross_->forward(patches, groups);
    from_genes = both.from_genes;
    from_patches = both.from_patches;
    out.scores = both.scores.squeeze(0).t();
  } else {
    const at::Tensor p = patches.transpose(0, 1), g = groups.transpose(0, 1);
    if (exact)
      from_genes = p_in_g_->forward_factored(p, g, g);
    else
      out.p_hat =
          pathomics_decoder_->forward_token(p_in_g_->forward(p, g, g).output.transpose(0, 1));
    const auto [asked, scores] = g_in_p_->forward(g, p, p);
    from_patches = asked.transpose(0, 1);
    out.scores = scores.flatten(0, 2);
  }
  if (!out.p_hat.defined())
    out.p_hat = exact ? pathomics_decoder_->forward_token(from_genes)
                      : pathomics_decoder_->forward_token(from_genes.product());
  out.g_hat = genomics_decoder_->forward_token(from_patches);
}

at::Tensor CmtaNetImpl::weights_of(const CmtaOutput& out, int64_t patches) const {
  TORCH_CHECK(out.scores.defined(), "CmtaNet: there is no attention between the modalities");
  return pathomics_encoder_->fold_repeats(out.scores.softmax(1), patches);
}

CmtaOutput CmtaNetImpl::forward(const at::Tensor& bag, const at::Tensor& genes) {
  check_cmta_inputs(bag, genes);
  const auto patches = pathomics_encoder_->forward(pathomics_fc_->forward(bag).unsqueeze(0));
  const auto groups = genomics_encoder_->forward(genomics_fc_->forward(genes));
  CmtaOutput out;
  out.p = patches.token;
  out.g = groups.token;
  translate(patches.tokens, groups.tokens, out);
  out.logits =
      classifier_->forward(fusion_.forward((out.p + out.p_hat) / 2, (out.g + out.g_hat) / 2));
  return out;
}

}  // namespace tractrix::nn
