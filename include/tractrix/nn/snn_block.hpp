// Self-normalising networks as in MCAT (models/model_utils.py, SNN_Block): Linear, ELU with alpha 1
// (not SELU), AlphaDropout. PORPOISE's MLP_Block is the same stack with ReLU and Dropout.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <vector>

namespace tractrix::nn {

enum class Unit { snn, mlp };

struct SnnBlockOptions {
  int64_t in = 0, out = 0;
  double dropout = 0.25;
  Unit unit = Unit::snn;
};

class SnnBlockImpl : public torch::nn::Module {
 public:
  explicit SnnBlockImpl(const SnnBlockOptions& options);
  at::Tensor forward(const at::Tensor& x);  // [..., in] -> [..., out]

 private:
  SnnBlockOptions options_;
  torch::nn::Linear linear_{nullptr};  // "0"
};
TORCH_MODULE(SnnBlock);

struct SnnOptions {
  std::vector<int64_t> widths;  // input, every block's output
  double dropout = 0.25;
  Unit unit = Unit::snn;
};

// A Sequential of blocks: "i.0.weight".
class SnnImpl : public torch::nn::Module {
 public:
  explicit SnnImpl(const SnnOptions& options);
  at::Tensor forward(at::Tensor x);

 private:
  std::vector<SnnBlock> blocks_;
};
TORCH_MODULE(Snn);

}  // namespace tractrix::nn
