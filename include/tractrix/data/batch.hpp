// What a recipe sees of the world: a Schema when it is built, a Batch at each step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tractrix/tensor/tensors.hpp"

namespace tractrix::data {

enum class Kind { vector, bag, image };

// groups: columns of a vector, or rows of a gene bag, by pathway name (in order).
struct Width {
  Kind kind = Kind::vector;
  int64_t columns = 0;
  Named<std::vector<int64_t>> groups = {};
};

// What a fold offers. Saved with every checkpoint, so that a model is built again without its
// cohort.
struct Schema {
  Named<Width> inputs;
  std::vector<double> edges;  // of the fold's time bins, in the cohort's time unit
  int64_t bins() const { return edges.empty() ? 0 : static_cast<int64_t>(edges.size()) - 1; }
};

// One or more examples. Row i of everything belongs to ids[i]; bags lie one after the other.
// All rows have the same modalities: the loader splits a mixed batch by what is present.
struct Batch {
  std::vector<std::string> ids;
  std::vector<Seed> seeds;  // per row, for draws that must not depend on the rest of the batch
  Tensors inputs;           // vector [B, D], bag [sum N, D], image [B, 3, H, W]; absent = missing
  Tensors targets;          // time, event, bin [B]; expression [B, G]; empty when predicting
  Named<std::vector<int64_t>> lengths;  // rows per bag, by input name

  int64_t size() const { return static_cast<int64_t>(ids.size()); }
  bool has(std::string_view name) const { return inputs.has(name); }
  at::Tensor bag(std::string_view name, int64_t row = 0) const;  // [N, D]
};

// What a window's loss may see of a batch: everything but its inputs.
Batch without_inputs(const Batch& batch);
// Examples of several batches as one, without inputs: what a window's loss may see.
Batch join_targets(const std::vector<Batch>& parts);
// Rows of several outputs one after the other.
Tensors join_rows(const std::vector<Tensors>& parts);

}  // namespace tractrix::data
