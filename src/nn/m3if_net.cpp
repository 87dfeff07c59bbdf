#include "tractrix/nn/m3if_net.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include "tractrix/nn/pooling.hpp"

namespace tractrix::nn {

MmtmImpl::MmtmImpl(int64_t table, int64_t patch) {
  const int64_t squeezed = 2 * (table + patch) / 4;
  squeeze_ = register_module("fc_squeeze", torch::nn::Linear(table + patch, squeezed));
  table_ = register_module("fc_tab", torch::nn::Linear(squeezed, table));
  patch_ = register_module("fc_img", torch::nn::Linear(squeezed, patch));
}

std::pair<at::Tensor, at::Tensor> MmtmImpl::forward(const at::Tensor& table,
                                                    const at::Tensor& patch) {
  const at::Tensor u = at::relu(squeeze_->forward(at::cat({table, patch}, 1)));
  return {table * at::sigmoid(table_->forward(u)), at::sigmoid(patch_->forward(u))};
}

InstanceGateImpl::InstanceGateImpl(int64_t dim) {
  const MlpOptions scores{
      .widths = {2 * dim, dim, 1}, .activation = Activation::leaky_relu, .linear_end = true};
  trans_ = register_module("trans", Mlp(scores));
}

at::Tensor InstanceGateImpl::forward(const at::Tensor& patches, const at::Tensor& global) {
  return trans_->forward(at::cat({patches, global.detach().expand_as(patches)}, 1));
}

M3ifNetImpl::M3ifNetImpl(const M3ifOptions& options) {
  const int64_t d = options.patch, t = options.table, joint = t + 2 * d;
  const MlpOptions tuning{.widths = {d, d, d, d, d}, .activation = Activation::leaky_relu};
  feature_fine_tuning_ = register_module("feature_fine_tuning", Mlp(tuning));
  const MlpOptions linear{.widths = {t, t}, .linear_end = true};
  table_feature_ft_ = register_module("table_feature_ft", Mlp(linear));
  mmtm_ = register_module("mmtm", Mmtm(t, d));
  gate_ = register_module("instance_gate1", InstanceGate(d));
  first_ = torch::nn::Linear(joint, joint);
  between_ = torch::nn::Dropout(options.dropout);
  last_ = torch::nn::Linear(joint, options.outputs);
  register_module("classifier", torch::nn::ModuleList(first_, between_, last_));
}

M3ifOutput M3ifNetImpl::forward(const at::Tensor& table, const at::Tensor& patches) {
  TORCH_CHECK(table.dim() == 2 && table.size(0) == 1 && patches.dim() == 2 && patches.size(0) > 0,
              "M3ifNet: the table must be [1, T] and the patches [N, D] with N > 0");
  const at::Tensor tuned = feature_fine_tuning_->forward(patches);
  const at::Tensor mean = mean_pool(tuned);
  const auto [excited, gate] = mmtm_->forward(table, mean);
  const at::Tensor global = mean * gate, rows = tuned * gate;
  const auto [pooled, weights] = attention_pool(rows, gate_->forward(rows, global));
  const at::Tensor joint = at::cat({table_feature_ft_->forward(excited), pooled, global}, 1);
  return {last_->forward(between_->forward(first_->forward(joint))), weights};
}

}  // namespace tractrix::nn
