// DualTrans of CMTA's Table 1 (Zhou & Chen, ICCV 2023): the class tokens of both encoders of CMTA,
// joined as CMTA joins its four; no attention between modalities, no decoders. No code of it was
// ever released; this is our reading of the paper's sentence. Names are those of CmtaNet.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include "tractrix/nn/cmta_net.hpp"

namespace tractrix::nn {

struct DualTransOutput {
  at::Tensor logits;  // [1, classes]
  at::Tensor p, g;    // [1, dim], class tokens of patches and of genes
};
struct DualTransAttended {
  at::Tensor logits;
  at::Tensor weights;  // [heads, N], see TokenEncoder::forward_attended
};

class DualTransNetImpl : public torch::nn::Module {
 public:
  explicit DualTransNetImpl(const CmtaOptions& options);  // what is about decoders has no meaning
  DualTransOutput forward(const at::Tensor& bag, const at::Tensor& genes);  // [N, D], [1, G]
  DualTransAttended forward_attended(const at::Tensor& bag, const at::Tensor& genes);

 private:
  at::Tensor encode_genes(const at::Tensor& genes);
  at::Tensor classify(const at::Tensor& p, const at::Tensor& g);

  Mlp pathomics_fc_{nullptr};
  GeneTokens genomics_fc_{nullptr};
  TokenEncoder pathomics_encoder_{nullptr}, genomics_encoder_{nullptr};
  PairFusion fusion_;
  torch::nn::Linear classifier_{nullptr};
};
TORCH_MODULE(DualTransNet);

}  // namespace tractrix::nn
