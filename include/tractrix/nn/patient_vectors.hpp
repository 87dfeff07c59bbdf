// A gene vector and a patch vector of equal width per patient: what GPDBN and HFBSurv, which know
// no bags, are given. Our choice (no code of these rows of CMTA's Table 1 was released): genes
// through self-normalising blocks, patches through MCAT's attention pooling and one Linear more.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

#include "tractrix/nn/attention_net.hpp"
#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/snn_block.hpp"

namespace tractrix::nn {

struct PatientVectorsOptions {
  int64_t patch_columns = 1024, gene_columns = 0;
  int64_t hidden = 512, attention = 256, dim = 256;  // as MCAT's AMIL
  std::vector<int64_t> gene_widths{256};             // before the last block, which gives width
  int64_t width = 32;
  double dropout = 0.25;
};

struct PatientVectorsOutput {
  at::Tensor genes, patches;  // [1, width]
  at::Tensor weights;         // [1, N], attention after the softmax
};

class PatientVectorsImpl : public torch::nn::Module {
 public:
  explicit PatientVectorsImpl(const PatientVectorsOptions& options);
  PatientVectorsOutput forward(const at::Tensor& bag, const at::Tensor& genes);  // [N, D], [1, G]

 private:
  AttentionNet attention_net_{nullptr};
  Mlp rho_{nullptr};
  torch::nn::Linear path_{nullptr};
  Snn fc_omic_{nullptr};
};
TORCH_MODULE(PatientVectors);

}  // namespace tractrix::nn
