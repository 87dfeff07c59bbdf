// One token per gene group, as MCAT, CMTA and SNNTrans begin: each group's columns through a
// network of its own.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/snn_block.hpp"

namespace tractrix::nn {

struct GeneTokensOptions {
  std::vector<std::vector<int64_t>> groups;  // columns of each gene group, none empty
  std::vector<int64_t> widths;               // output width of every block of a group's network
  double dropout = 0.25;
  bool linear = false;  // one Linear to the last width and nothing else (CMTA's paper)
};

// Children "g": Snn ("g.i.0.weight"), or with linear an Mlp ("g.0.weight").
class GeneTokensImpl : public torch::nn::Module {
 public:
  explicit GeneTokensImpl(const GeneTokensOptions& options);
  at::Tensor forward(const at::Tensor& genes);  // [B, G] -> [B, groups, widths.back()]

 private:
  std::vector<at::Tensor> groups_;
  std::vector<Snn> blocks_;
  std::vector<Mlp> layers_;
};
TORCH_MODULE(GeneTokens);

}  // namespace tractrix::nn
