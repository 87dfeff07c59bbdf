// The core of HFBSurv (Li et al., Bioinformatics 2022; Liruiqing-ustc/HFBSurv, HFB_fusion.py,
// commit 587a000): factorised bilinear products within and between the vectors of two or three
// modalities. Names and their order are the code's, without its two constants.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/snn_block.hpp"

namespace tractrix::nn {

struct HfbsurvOptions {
  std::vector<int64_t> in{80, 80};  // genes, patches (, copy numbers)
  int64_t hidden = 50;              // of every modality
  int64_t intra = 20, inter = 20, rank = 20;
  std::vector<int64_t> head{256, 64};
  double product_dropout = 0.1, head_dropout = 0.3;
  // As the code has it: one layer (that of the genes) leads all modalities into their products, and
  // the third modality weighs the genes' vector instead of its own. false: as the paper says.
  bool upstream_bugs = true;
  // Of the joint vector; the code's, which needs more than one row. false: a layer norm.
  bool batch_norm = false;
  int64_t outputs = 4;
};

struct HfbsurvOutput {
  at::Tensor code;    // [B, head.back()]
  at::Tensor values;  // [B, outputs]; the code's Cox output is 6 sigmoid(values) - 3 of one
};

class HfbsurvNetImpl : public torch::nn::Module {
 public:
  explicit HfbsurvNetImpl(const HfbsurvOptions& options);
  HfbsurvOutput forward(const std::vector<at::Tensor>& vectors);  // [B, in_m] each

 private:
  struct Weighed;
  void make_norm();
  Weighed weigh(const std::vector<at::Tensor>& vectors);
  at::Tensor products_between(const Weighed& weighed);
  // y = sum over the rank of a * b, signed root, rows of length 1: [B, width * rank] -> [B, width]
  at::Tensor product(const at::Tensor& a, const at::Tensor& b) const;

  HfbsurvOptions options_;
  torch::nn::BatchNorm1d batch_norm_{nullptr};
  torch::nn::LayerNorm layer_norm_{nullptr};
  Mlp attention_{nullptr}, classifier_{nullptr};
  std::vector<std::vector<Mlp>> encoders_;
  std::vector<torch::nn::Linear> within_, between_;
  std::vector<Mlp> head_;
};
TORCH_MODULE(HfbsurvNet);

}  // namespace tractrix::nn
