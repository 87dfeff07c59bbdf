// The core of GPDBN (Wang et al., Bioinformatics 2021; isfj/GPDBN, GPDBN_Cox/networks.py, commit
// 7d2c2a7): outer products of a gene and a patch vector with each other and with themselves. Names
// and their order are the code's, without its two constants.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/snn_block.hpp"

namespace tractrix::nn {

struct GpdbnOptions {
  int64_t width = 32;   // of both vectors and of the code
  int64_t hidden = 20;  // of every product behind its layer
  std::vector<int64_t> encoder{500, 256, 128};
  double dropout = 0.1;  // the repository's option of this name is ignored there: 0.1 is used
  int64_t outputs = 4;
};

struct GpdbnOutput {
  at::Tensor code;    // [B, width]
  at::Tensor values;  // [B, outputs]; the code's Cox output is 6 sigmoid(values) - 3 of one
};

class GpdbnNetImpl : public torch::nn::Module {
 public:
  explicit GpdbnNetImpl(const GpdbnOptions& options);
  GpdbnOutput forward(const at::Tensor& genes, const at::Tensor& patches);  // [B, width] each

 private:
  Mlp gene_gene_{nullptr}, path_path_{nullptr}, gene_path_{nullptr}, classifier_{nullptr};
  Snn encoder_{nullptr};
};
TORCH_MODULE(GpdbnNet);

}  // namespace tractrix::nn
