// Gated fusion of two vectors by their outer product: MCAT and CMTA (BilinearFusion), PORPOISE (the
// same without the last dropouts), and PORPOISE's low-rank form (LRBilinearFusion; Liu et al. 2018,
// low-rank multimodal fusion).
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <utility>

#include "tractrix/nn/mlp.hpp"

namespace tractrix::nn {

struct BilinearFusionOptions {
  int64_t in1 = 256, in2 = 256;
  int64_t scale1 = 8, scale2 = 8;  // inner widths are in / scale
  int64_t out = 256;
  bool gate1 = true, gate2 = true;
  bool skip = false;  // both inputs also go into the last layer
  double dropout = 0.25;
  bool encoder_dropout = true;  // false: PORPOISE
};

// What both forms begin with: h_m = relu(W v_m), z_m = W [v_1; v_2], o_m = dropout(relu(W
// (sigmoid(z_m) * h_m))); gate off: relu(W h_m), the layers of z_m are there but unused.
class GatedPairImpl : public torch::nn::Module {
 protected:
  void build(const BilinearFusionOptions& options);
  std::pair<at::Tensor, at::Tensor> reduce(const at::Tensor& v1,
                                           const at::Tensor& v2);  // [B, in / scale] each

  BilinearFusionOptions options_;
  int64_t inner1_ = 0, inner2_ = 0;

 private:
  Mlp linear_h1_{nullptr}, linear_z1_{nullptr}, linear_o1_{nullptr};
  Mlp linear_h2_{nullptr}, linear_z2_{nullptr}, linear_o2_{nullptr};
};

// A 1 behind each vector, outer product row by row, dropout, Linear to 256, ReLU, (skip: append
// v_1, v_2), Linear, ReLU.
class BilinearFusionImpl : public GatedPairImpl {
 public:
  explicit BilinearFusionImpl(const BilinearFusionOptions& options);
  at::Tensor forward(const at::Tensor& v1, const at::Tensor& v2);  // [B, in1], [B, in2] -> [B, out]

 private:
  Mlp encoder1_{nullptr}, encoder2_{nullptr};
};
TORCH_MODULE(BilinearFusion);

struct LowRankFusionOptions {
  BilinearFusionOptions
      pair;  // skip, encoder_dropout have no meaning here; out is the width of the result
  int64_t rank = 16;
};

// A 1 in FRONT of each vector (BilinearFusion has it behind), y = sum_r w_r ([1; o_1] A_r) * ([1;
// o_2] B_r) + b; no activation: PORPOISE takes y as the logits. Its form with a gate off drops out
// in eval mode, too; that is not kept here.
class LowRankFusionImpl : public GatedPairImpl {
 public:
  explicit LowRankFusionImpl(const LowRankFusionOptions& options);
  at::Tensor forward(const at::Tensor& v1, const at::Tensor& v2);  // -> [B, out]

 private:
  at::Tensor h1_factor_, h2_factor_;         // [rank, inner + 1, out]
  at::Tensor fusion_weights_, fusion_bias_;  // [1, rank], [1, out]
};
TORCH_MODULE(LowRankFusion);

}  // namespace tractrix::nn
