// The update rules on lists of tensors that share one step count and one decay.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tractrix/train/optimizer.hpp"

namespace tractrix::train::rules {

struct Group {
  int64_t step = 0;         // counts from 1 at the first update
  double weight_decay = 0;  // 0 for parameters that are not decayed
  // One entry per parameter; first, second, largest are empty where the rule has no such buffer.
  std::vector<at::Tensor> values, grads, first, second, largest;
};

// Gradients are only read.
void sgd(const OptimizerOptions& options, const Group& group, double lr);
void adam(const OptimizerOptions& options, const Group& group, double lr);  // also adamw
void radam(const OptimizerOptions& options, const Group& group, double lr);

}  // namespace tractrix::train::rules
