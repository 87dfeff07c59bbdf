// The instance branch of CLAM (Lu et al. 2021; mahmoodlab/CLAM models/model_clam.py, 53e2409): the
// patches with the highest and the lowest attention become labelled instances.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <vector>

namespace tractrix::nn {

struct InstanceBranchOptions {
  int64_t in = 512, classes = 2;
  int64_t samples = 8;  // instances of each kind
  // The classes that exclude each other also see the highest patches of a bag as their negatives;
  // the loss is then divided by the number of classes.
  bool subtyping = false;
};

struct InstanceOutput {
  at::Tensor loss;                 // scalar
  at::Tensor top, bottom;          // [heads, k] rows of the bag, k = min(samples, N)
  at::Tensor predictions, labels;  // [instances], class by class, top before bottom
};

// One Linear(in, 2) for each class: "0", "1", ...
class InstanceBranchImpl : public torch::nn::Module {
 public:
  explicit InstanceBranchImpl(const InstanceBranchOptions& options);
  // rows [N, in], weights [heads, N] (softmax over the rows; one head, or one per class). The
  // choice of rows carries no gradient. Bags of fewer than `samples` patches, where the reference
  // fails, give all their patches to both sides.
  InstanceOutput forward(const at::Tensor& rows, const at::Tensor& weights, int64_t label);

 private:
  InstanceBranchOptions options_;
  std::vector<torch::nn::Linear> classifiers_;
};
TORCH_MODULE(InstanceBranch);

}  // namespace tractrix::nn
