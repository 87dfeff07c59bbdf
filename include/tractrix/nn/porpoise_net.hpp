// The network of PORPOISE (Chen et al., Cancer Cell 2022; models/model_porpoise.py, class
// PorpoiseMMF, commit 3390dc4): attention pooling of the patches, self-normalising blocks over all
// genes, one fusion. Names and their order are the code's.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

#include "tractrix/nn/attention_net.hpp"
#include "tractrix/nn/bilinear_fusion.hpp"
#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/pair_fusion.hpp"
#include "tractrix/nn/snn_block.hpp"

namespace tractrix::nn {

// bilinear: outer product of the gated vectors (paper). low_rank: its factorised form, whose output
// is the logits; the classifier stays unused, as in the code.
enum class PorpoiseFusion { bilinear, concat, low_rank };

struct PorpoiseOptions {
  int64_t patch_columns = 1024, gene_columns = 0;
  int64_t hidden = 512, attention = 256, dim = 256;
  std::vector<int64_t> gene_widths{256, 256};  // the last one is dim
  Unit unit = Unit::snn;
  PorpoiseFusion fusion = PorpoiseFusion::bilinear;
  bool gate_path = true, gate_omic = true;  // bilinear and low_rank
  bool skip = true;                         // bilinear
  double input_dropout = 0.1;  // on the patches; 0 also renames "attention_net.1" and ".4" to 0, 3
  double dropout = 0.25;
  int64_t classes = 4;
};

struct PorpoiseOutput {
  at::Tensor logits;   // [1, classes]
  at::Tensor weights;  // [1, N], attention after the softmax
};

class PorpoiseNetImpl : public torch::nn::Module {
 public:
  explicit PorpoiseNetImpl(const PorpoiseOptions& options);
  PorpoiseOutput forward(const at::Tensor& bag, const at::Tensor& genes);  // [N, D], [1, G]

 private:
  void make_fusion();

  PorpoiseOptions options_;
  AttentionNet attention_net_{nullptr};
  Mlp rho_{nullptr};
  Snn fc_omic_{nullptr};
  PairFusion fusion_;
  LowRankFusion low_rank_{nullptr};
  torch::nn::Linear classifier_{nullptr};
};
TORCH_MODULE(PorpoiseNet);

}  // namespace tractrix::nn
