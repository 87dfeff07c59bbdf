// A trained recipe on examples: risks, survival curves, attention.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tractrix/data/reader.hpp"
#include "tractrix/recipe/recipe.hpp"
#include "tractrix/train/precision.hpp"

namespace tractrix::train {

struct Inference {
  int64_t max_batch = 1;
  Precision precision = Precision::f32;
  at::Device device = at::kCPU;
  bool attention = false;  // keep the outputs attention.*; only with one patient per batch
};

struct Predicted {
  std::string id;
  double risk = 0;
  std::vector<double> survival;  // [K]; empty for Cox heads
  Tensors attention = {};        // by input: [heads, N] over the rows of the patient's bag
};

// In the order of ids, eval mode, no graph. Throws an Error that names the patient whose risk is
// not finite. also: sees every batch, so that bags are read once.
std::vector<Predicted> predict(recipe::Recipe& recipe, const data::Reader& reader,
                               const std::vector<std::string>& ids, const Inference& how,
                               const std::function<void(const data::Batch&)>& also = {});

}  // namespace tractrix::train
