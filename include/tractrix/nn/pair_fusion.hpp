// How MCAT, CMTA and PORPOISE join the vectors of two modalities: two layers over their
// concatenation, or the gated bilinear fusion.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>

#include "tractrix/nn/bilinear_fusion.hpp"
#include "tractrix/nn/mlp.hpp"

namespace tractrix::nn {

// No module of its own: the references have the chosen layer as the child "mm" of the network.
class PairFusion {
 public:
  // Two vectors of width dim to one of width dim.
  static PairFusion concat(torch::nn::Module& parent, int64_t dim);
  static PairFusion bilinear(torch::nn::Module& parent, const BilinearFusionOptions& options);
  // As MCAT and CMTA choose.
  static PairFusion make(torch::nn::Module& parent, int64_t dim, bool bilinear, double dropout);

  at::Tensor forward(const at::Tensor& a, const at::Tensor& b);  // [B, dim] each -> [B, dim]

 private:
  Mlp concat_{nullptr};
  BilinearFusion bilinear_{nullptr};
};

}  // namespace tractrix::nn
