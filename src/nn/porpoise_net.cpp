#include "tractrix/nn/porpoise_net.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {

PorpoiseNetImpl::PorpoiseNetImpl(const PorpoiseOptions& options) : options_(options) {
  const auto& o = options_;
  TORCH_CHECK(o.gene_columns > 0, "PorpoiseNet: needs genes");
  TORCH_CHECK(!o.gene_widths.empty() && o.gene_widths.back() == o.dim,
              "PorpoiseNet: the last gene width must be dim");
  const AttentionNetOptions net{.in = o.patch_columns,
                                .hidden = o.hidden,
                                .attention = o.attention,
                                .dropout = o.dropout,
                                .attention_dropout = o.dropout,
                                .input_dropout = o.input_dropout};
  attention_net_ = register_module("attention_net", AttentionNet(net));
  const MlpOptions rho{.widths = {o.hidden, o.dim}, .dropout = o.dropout};
  rho_ = register_module("rho", Mlp(rho));
  std::vector<int64_t> widths{o.gene_columns};
  widths.insert(widths.end(), o.gene_widths.begin(), o.gene_widths.end());
  fc_omic_ = register_module("fc_omic", Snn(SnnOptions{widths, o.dropout, o.unit}));
  make_fusion();
  classifier_ = register_module("classifier_mm", torch::nn::Linear(o.dim, o.classes));
}

void PorpoiseNetImpl::make_fusion() {
  const auto& o = options_;
  BilinearFusionOptions pair{.in1 = o.dim, .in2 = o.dim};
  pair.out = o.dim;
  pair.gate1 = o.gate_path;
  pair.gate2 = o.gate_omic;
  pair.skip = o.skip;
  pair.dropout = o.dropout;
  pair.encoder_dropout = false;
  switch (o.fusion) {
    case PorpoiseFusion::bilinear:
      fusion_ = PairFusion::bilinear(*this, pair);
      return;
    case PorpoiseFusion::concat:
      fusion_ = PairFusion::concat(*this, o.dim);
      return;
    case PorpoiseFusion::low_rank:
      pair.out = o.classes;
      low_rank_ = register_module("mm", LowRankFusion(LowRankFusionOptions{.pair = pair}));
      return;
  }
}

PorpoiseOutput PorpoiseNetImpl::forward(const at::Tensor& bag, const at::Tensor& genes) {
  TORCH_CHECK(bag.dim() == 2 && bag.size(0) > 0 && genes.dim() == 2 && genes.size(0) == 1,
              "PorpoiseNet: the bag must be [N, D] with N > 0 and the genes [1, G]");
  const AttentionNetOutput net = attention_net_->forward(bag);
  const at::Tensor path = rho_->forward(net.pooled);  // [1, dim]
  const at::Tensor omic = fc_omic_->forward(genes);   // [1, dim]
  if (low_rank_) return {low_rank_->forward(path, omic), net.weights};
  return {classifier_->forward(fusion_.forward(path, omic)), net.weights};
}

}  // namespace tractrix::nn
