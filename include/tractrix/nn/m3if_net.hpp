// The core of M3IF (Li et al., MICCAI 2021; yfzon/Multi-modal-Multi-instance-Learning,
// models/mil_net.py, MILFusion with two modalities and fusion 'mmtm', commit c30051b): a table row
// and the mean patch squeeze and excite each other, then the patches are pooled by attention. Names
// and their order are the code's. Its forms for three and four modalities share layers by mistake
// and are not built.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <utility>

#include "tractrix/nn/mlp.hpp"

namespace tractrix::nn {

// Multi-modal transfer module (Joze et al. 2020): u = relu(W [t; g]); t * sigmoid(W_t u), and the
// gate sigmoid(W_g u) of the patches.
class MmtmImpl : public torch::nn::Module {
 public:
  MmtmImpl(int64_t table, int64_t patch);
  std::pair<at::Tensor, at::Tensor> forward(const at::Tensor& table, const at::Tensor& patch);

 private:
  torch::nn::Linear squeeze_{nullptr}, table_{nullptr}, patch_{nullptr};
};
TORCH_MODULE(Mmtm);

// Score of a patch beside the global vector, from which no gradient comes: [N, 1].
class InstanceGateImpl : public torch::nn::Module {
 public:
  explicit InstanceGateImpl(int64_t dim);
  at::Tensor forward(const at::Tensor& patches, const at::Tensor& global);  // [N, D], [1, D]

 private:
  Mlp trans_{nullptr};
};
TORCH_MODULE(InstanceGate);

struct M3ifOptions {
  int64_t patch = 256, table = 256;  // widths
  double dropout = 0.5;              // between the last two layers
  int64_t outputs = 4;
};

struct M3ifOutput {
  at::Tensor values;   // [1, outputs]
  at::Tensor weights;  // [1, N], attention after the softmax
};

class M3ifNetImpl : public torch::nn::Module {
 public:
  explicit M3ifNetImpl(const M3ifOptions& options);
  M3ifOutput forward(const at::Tensor& table, const at::Tensor& patches);  // [1, T], [N, D]

 private:
  Mlp feature_fine_tuning_{nullptr}, table_feature_ft_{nullptr};
  Mmtm mmtm_{nullptr};
  InstanceGate gate_{nullptr};
  torch::nn::Linear first_{nullptr}, last_{nullptr};
  torch::nn::Dropout between_{nullptr};
};
TORCH_MODULE(M3ifNet);

}  // namespace tractrix::nn
