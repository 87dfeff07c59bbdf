#include "tractrix/data/batch.hpp"

#include <ATen/ATen.h>

namespace tractrix::data {

at::Tensor Batch::bag(std::string_view name, int64_t row) const {
  const auto& rows = lengths.at(name);
  int64_t start = 0;
  for (int64_t i = 0; i < row; ++i) start += rows.at(i);
  return inputs.at(name).narrow(0, start, rows.at(row));
}

Tensors join_rows(const std::vector<Tensors>& parts) {
  Tensors joined;
  if (parts.empty()) return joined;
  for (const auto& name : parts.front().names()) {
    std::vector<at::Tensor> rows;
    for (const auto& part : parts) rows.push_back(part.at(name));
    joined[name] = at::cat(rows);
  }
  return joined;
}

Batch without_inputs(const Batch& batch) { return {batch.ids, batch.seeds, {}, batch.targets, {}}; }

Batch join_targets(const std::vector<Batch>& parts) {
  Batch joined;
  std::vector<Tensors> targets;
  for (const auto& part : parts) {
    joined.ids.insert(joined.ids.end(), part.ids.begin(), part.ids.end());
    joined.seeds.insert(joined.seeds.end(), part.seeds.begin(), part.seeds.end());
    targets.push_back(part.targets);
  }
  joined.targets = join_rows(targets);
  return joined;
}

}  // namespace tractrix::data
