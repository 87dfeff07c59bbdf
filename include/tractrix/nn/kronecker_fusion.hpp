// Kronecker fusion of any number of modality vectors (Chen et al., Pathomic Fusion 2020, equations
// 6 and 7; PORPOISE 2022): each vector is reduced and gated by all of them, gets a 1 appended, and
// the outer product of all holds every interaction up to the full order. BilinearFusion is the
// published two-modality layer with a further Linear per vector and two behind the product; this
// one has no such layers and no limit of two.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "tractrix/nn/mlp.hpp"

namespace tractrix::nn {

// [[v_1; 1] x [v_2; 1] x ...], flattened row-major (the last vector varies fastest): [B, product of
// (D_m + 1)].
at::Tensor outer_with_ones(const std::vector<at::Tensor>& vectors);  // [B, D_m] each

struct KroneckerFusionOptions {
  std::vector<int64_t> in;  // widths of the vectors
  int64_t inner = 32;  // width of each before the product; the product has (inner + 1)^k columns
  int64_t out = 256;
  bool gated = true;
  double dropout = 0.25;
};

// o_m = dropout(relu(W_m v_m)) (gated: times sigmoid(G_m [v_1; ...; v_k])); y = dropout(relu(W
// outer(o))). Children reduce.m.0, gate.m.0, encoder.0.
class KroneckerFusionImpl : public torch::nn::Module {
 public:
  explicit KroneckerFusionImpl(const KroneckerFusionOptions& options);
  at::Tensor forward(const std::vector<at::Tensor>& vectors);  // k of [B, in_m] -> [B, out]

 private:
  KroneckerFusionOptions options_;
  std::vector<Mlp> reduce_, gate_;
  Mlp encoder_{nullptr};
};
TORCH_MODULE(KroneckerFusion);

}  // namespace tractrix::nn
