// Loss terms over examples that are not trained on, comparable with those of the training.
#pragma once

#include <cstdint>
#include <vector>

#include "tractrix/recipe/recipe.hpp"

namespace tractrix::train {

// Eval mode, no graph, own random streams: training draws nothing else because of it. A loss that
// ties examples together is computed over windows of the training's size, in the order in which
// the examples come; a last window with fewer examples than the loss needs is left out.
class ValidationLoss {
 public:
  ValidationLoss(recipe::Stage stage, int64_t window, int64_t min_window, Seed draws);

  // One batch, the module in eval mode.
  void add(const data::Batch& batch);
  // Means over all examples added, by term; diagnostics (weight 0) are among them.
  Named<double> means();

 private:
  struct Sum {
    double value = 0, examples = 0;
  };
  void note(const recipe::Terms& terms, int64_t examples);

  recipe::Stage stage_;
  int64_t window_, min_window_;
  Seed draws_;
  uint64_t batches_ = 0;
  std::vector<Tensors> rows_;      // coupled outputs
  std::vector<data::Batch> seen_;  // their ids and targets
  Named<Sum> sums_;
};

}  // namespace tractrix::train
