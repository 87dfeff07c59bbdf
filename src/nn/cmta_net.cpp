#include "tractrix/nn/cmta_net.hpp"

#include <ATen/ATen.h>

#include <tuple>

namespace tractrix::nn {

CmtaNetImpl::CmtaNetImpl(const CmtaOptions& options) : options_(options) {
  TORCH_CHECK(!options.groups.empty(), "CmtaNet: needs gene groups");
  make_embeddings();
  pathomics_encoder_ = register_module("pathomics_encoder", make_encoder(true));
  pathomics_decoder_ = register_module("pathomics_decoder", make_encoder(true));
  if (options.cross_attention) {
    const MultiheadAttentionOptions attention{.dim = options.dim, .heads = 1, .form = options.form};
    p_in_g_ = register_module("P_in_G_Att", MultiheadAttention(attention));
    g_in_p_ = register_module("G_in_P_Att", MultiheadAttention(attention));
  }
  genomics_encoder_ = register_module("genomics_encoder", make_encoder(false));
  genomics_decoder_ = register_module("genomics_decoder", make_encoder(false));
  make_fusion();
  classifier_ = register_module("classifier", torch::nn::Linear(options.dim, options.classes));
}

void CmtaNetImpl::make_embeddings() {
  const auto& o = options_;
  const int64_t hidden = o.large ? 2 * o.dim : o.dim;
  pathomics_fc_ = register_module(
      "pathomics_fc",
      Mlp(MlpOptions{.widths = {o.patch_columns, hidden, o.dim}, .dropout = o.dropout}));
  genomics_fc_ = register_module("genomics_fc", torch::nn::ModuleList());
  for (const auto& columns : o.groups) {
    std::vector<int64_t> widths{static_cast<int64_t>(columns.size())};
    widths.insert(widths.end(), o.large ? 3 : 1, o.gene_hidden);
    widths.push_back(o.dim);
    genomics_fc_->push_back(Snn(SnnOptions{widths, o.dropout, Unit::snn}));
    groups_.push_back(at::tensor(columns, at::kLong));
  }
}

TokenEncoder CmtaNetImpl::make_encoder(bool patches) const {
  TokenEncoderOptions encoder;
  encoder.layer.dim = options_.dim;
  encoder.layer.dropout = options_.layer_dropout;
  encoder.layer.full = !patches && options_.full_genes;
  encoder.layer.form = options_.form;
  encoder.grid = patches;
  encoder.positions = options_.positions;
  return TokenEncoder(encoder);
}

void CmtaNetImpl::make_fusion() {
  const int64_t dim = options_.dim;
  if (!options_.bilinear) {
    concat_ = register_module("mm", Mlp(MlpOptions{.widths = {2 * dim, dim, dim}}));
    return;
  }
  BilinearFusionOptions fusion{.in1 = dim, .in2 = dim};
  fusion.out = dim;
  fusion.dropout = options_.dropout;
  bilinear_ = register_module("mm", BilinearFusion(fusion));
}

at::Tensor CmtaNetImpl::embed_genes(const at::Tensor& genes) {
  std::vector<at::Tensor> tokens;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const auto columns = genes.index_select(1, groups_[g].to(genes.device()));
    tokens.push_back(genomics_fc_[g]->as<SnnImpl>()->forward(columns));
  }
  return at::stack(tokens, 1);  // [1, groups, dim]
}

// Tokens [1, n, dim] of both modalities, to what each decoder makes of the other's.
std::pair<at::Tensor, at::Tensor> CmtaNetImpl::translate(const at::Tensor& patches,
                                                         const at::Tensor& groups) {
  if (!options_.cross_attention)
    return {pathomics_decoder_->forward_token(groups), genomics_decoder_->forward_token(patches)};
  const at::Tensor p = patches.transpose(0, 1), g = groups.transpose(0, 1);
  // From the patches' side [1, side^2, dim], all mixtures of one row per gene group.
  const at::Tensor p_hat =
      options_.form == Form::exact
          ? pathomics_decoder_->forward_token(p_in_g_->forward_factored(p, g, g))
          : pathomics_decoder_->forward_token(p_in_g_->forward(p, g, g).output.transpose(0, 1));
  return {p_hat,
          genomics_decoder_->forward_token(g_in_p_->forward(g, p, p).output.transpose(0, 1))};
}

CmtaOutput CmtaNetImpl::forward(const at::Tensor& bag, const at::Tensor& genes) {
  TORCH_CHECK(bag.dim() == 2 && genes.dim() == 2 && genes.size(0) == 1,
              "CmtaNet: the bag must be [N, D] and the genes [1, G]");
  const auto patches = pathomics_encoder_->forward(pathomics_fc_->forward(bag).unsqueeze(0));
  const auto groups = genomics_encoder_->forward(embed_genes(genes));
  CmtaOutput out;
  out.p = patches.token;
  out.g = groups.token;
  std::tie(out.p_hat, out.g_hat) = translate(patches.tokens, groups.tokens);
  const at::Tensor a = (out.p + out.p_hat) / 2, b = (out.g + out.g_hat) / 2;
  const at::Tensor fused =
      bilinear_ ? bilinear_->forward(a, b) : concat_->forward(at::cat({a, b}, 1));
  out.logits = classifier_->forward(fused);
  return out;
}

}  // namespace tractrix::nn
