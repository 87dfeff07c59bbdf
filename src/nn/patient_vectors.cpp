#include "tractrix/nn/patient_vectors.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {

PatientVectorsImpl::PatientVectorsImpl(const PatientVectorsOptions& o) {
  const AttentionNetOptions net{.in = o.patch_columns,
                                .hidden = o.hidden,
                                .attention = o.attention,
                                .dropout = o.dropout,
                                .attention_dropout = o.dropout};
  attention_net_ = register_module("attention_net", AttentionNet(net));
  rho_ = register_module("rho", Mlp(MlpOptions{.widths = {o.hidden, o.dim}, .dropout = o.dropout}));
  path_ = register_module("path_fc", torch::nn::Linear(o.dim, o.width));
  std::vector<int64_t> widths{o.gene_columns};
  widths.insert(widths.end(), o.gene_widths.begin(), o.gene_widths.end());
  widths.push_back(o.width);
  fc_omic_ = register_module("fc_omic", Snn(SnnOptions{widths, o.dropout, Unit::snn}));
}

PatientVectorsOutput PatientVectorsImpl::forward(const at::Tensor& bag, const at::Tensor& genes) {
  TORCH_CHECK(bag.dim() == 2 && bag.size(0) > 0 && genes.dim() == 2 && genes.size(0) == 1,
              "PatientVectors: the bag must be [N, D] with N > 0 and the genes [1, G]");
  const AttentionNetOutput net = attention_net_->forward(bag);
  return {fc_omic_->forward(genes), path_->forward(rho_->forward(net.pooled)), net.weights};
}

}  // namespace tractrix::nn
