#include "made_up.hpp"

#include <ATen/ATen.h>

#include <numeric>

namespace tractrix::bench {
namespace {

data::Width width_of(data::Kind kind, const Shape& shape) {
  if (kind == data::Kind::bag) return {kind, shape.patch_columns, {}};
  data::Width width{data::Kind::vector, shape.groups * shape.genes, {}};
  for (int64_t g = 0; g < shape.groups; ++g) {
    std::vector<int64_t> columns(static_cast<size_t>(shape.genes));
    std::iota(columns.begin(), columns.end(), g * shape.genes);
    width.groups["group" + std::to_string(g + 1)] = std::move(columns);
  }
  return width;
}

}  // namespace

MadeUp::MadeUp(const recipe::Contract& contract, const Shape& shape, at::ScalarType type)
    : shape_(shape), type_(type) {
  for (int64_t b = 0; b <= shape.bins; ++b) schema_.edges.push_back(12.0 * static_cast<double>(b));
  for (const auto& input : contract.inputs) {
    const auto width = width_of(input.kind, shape);
    schema_.inputs[input.name] = width;
    const int64_t rows = input.kind == data::Kind::bag ? shape.patches : 1;
    inputs_[input.name] = normal(Seed(1).at(input.name), {rows, width.columns}).to(type);
  }
}

std::vector<std::string> MadeUp::ids() const {
  std::vector<std::string> all;
  for (int64_t i = 0; i < shape_.patients; ++i) all.push_back(std::to_string(i));
  return all;
}

std::vector<std::string> MadeUp::present(const std::string&) const { return inputs_.names(); }

data::Batch MadeUp::read(const std::vector<std::string>& ids, const Seed& seed) const {
  data::Batch batch;
  batch.ids = ids;
  std::vector<double> time, event;
  std::vector<int64_t> bin;
  for (size_t i = 0; i < ids.size(); ++i) {
    batch.seeds.push_back(seed.at("row", i));
    const int64_t n = std::stoll(ids[i]);
    time.push_back(6.0 + static_cast<double>(n));
    event.push_back(n % 2 == 0);
    bin.push_back(n % shape_.bins);
  }
  for (const auto& [name, one] : inputs_) {
    batch.inputs[name] = at::cat(std::vector<at::Tensor>(ids.size(), one));
    if (schema_.inputs.at(name).kind == data::Kind::bag)
      batch.lengths[name] = std::vector<int64_t>(ids.size(), one.size(0));
  }
  batch.targets = {
      {"time", at::tensor(time)}, {"event", at::tensor(event)}, {"bin", at::tensor(bin)}};
  return batch;
}

}  // namespace tractrix::bench
