// Recipes configured by YAML as a user would, and weights and inputs filled by position: what the
// tables of reference numbers were computed on.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tractrix/config/document.hpp"
#include "tractrix/config/fields.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::test {

inline const std::vector<int64_t> kGroupSizes{3, 5, 7, 11, 13, 17};

// In eval mode; single-threaded from here on: in small cases waiting threads cost more than they
// bring.
inline std::unique_ptr<recipe::Recipe> make_recipe(const std::string& name, const std::string& yaml,
                                                   const data::Schema& schema) {
  at::set_num_threads(1);
  const config::Node node = config::parse(yaml, name + ".yaml");
  config::Visit visit;
  const auto maker = recipe::find_maker(name, "test");
  {
    config::Fields fields(visit, &node, "recipe");
    maker->visit(fields);
  }
  visit.errors.raise();
  auto made = maker->make(schema);
  made->module().eval();
  return made;
}

inline data::Schema schema_of(int64_t patch, int64_t genes, int64_t bins) {
  data::Schema schema;
  if (patch) schema.inputs["pathology"] = {data::Kind::bag, patch};
  if (genes) schema.inputs["genomics"] = {data::Kind::vector, genes};
  for (int64_t k = 0; k <= bins; ++k) schema.edges.push_back(static_cast<double>(k));
  return schema;
}

inline data::Batch batch_of(const at::Tensor& bag, const at::Tensor& genes, int64_t bin,
                            double event) {
  data::Batch batch;
  batch.ids = {"patient"};
  batch.seeds = {Seed(1)};
  if (bag.defined()) {
    batch.inputs["pathology"] = bag;
    batch.lengths["pathology"] = {bag.size(0)};
  }
  if (genes.defined()) batch.inputs["genomics"] = genes;
  batch.targets["bin"] = at::full({1}, bin, at::kLong);
  batch.targets["event"] = at::full({1}, event, at::kDouble);
  return batch;
}

// Genes in groups of these sizes, one after the other.
inline data::Schema grouped_schema(int64_t patch, const std::vector<int64_t>& sizes, int64_t bins) {
  data::Schema schema =
      schema_of(patch, std::accumulate(sizes.begin(), sizes.end(), int64_t{0}), bins);
  int64_t column = 0;
  for (size_t g = 0; g < sizes.size(); ++g) {
    auto& group = schema.inputs["genomics"].groups["group " + std::to_string(g + 1)];
    for (int64_t i = 0; i < sizes[g]; ++i) group.push_back(column++);
  }
  return schema;
}

// Element k of stream p in [0, 1): SplitMix64's finaliser of a counter.
inline at::Tensor stream(uint64_t p, at::IntArrayRef shape) {
  at::Tensor filled = at::empty(shape, at::kDouble);
  double* value = filled.data_ptr<double>();
  for (int64_t k = 0; k < filled.numel(); ++k) {
    const uint64_t x = (static_cast<uint64_t>(k) + 1) * Seed::kGolden + p * 0xD1B54A32D192ED03ull;
    value[k] = static_cast<double>(Seed::mix(x) >> 11) * 0x1.0p-53;
  }
  return filled;
}

// Matrices: U(-s, s), s = 1/sqrt(elements per row); vectors: U(-0.1, 0.1), around 1 for the weights
// of norms.
inline void fill_by_position(torch::nn::Module& module) {
  const at::NoGradGuard no_grad;
  uint64_t position = 0;
  for (auto& item : module.named_parameters()) {
    at::Tensor weight = item.value();
    const bool matrix = weight.dim() > 1;
    const double scale =
        matrix ? 1 / std::sqrt(static_cast<double>(weight.numel() / weight.size(0))) : 0.1;
    const bool norm =
        !matrix && item.key().find("norm") != std::string::npos && item.key().ends_with(".weight");
    weight.set_data((2 * stream(position++, weight.sizes()) - 1) * scale + (norm ? 1 : 0));
  }
}

// [1, 56], the columns of all groups.
inline at::Tensor genes_of_groups() {
  std::vector<at::Tensor> parts;
  for (size_t g = 0; g < kGroupSizes.size(); ++g)
    parts.push_back(4 * stream(2001 + g, {kGroupSizes[g]}) - 2);
  return at::cat(parts).unsqueeze(0);  // [1, 56]
}

// Over all parameters; without a gradient counts as 0.
inline double gradient_norm(recipe::Recipe& model, const at::Tensor& loss) {
  double squares = 0;
  for (const auto& gradient :
       torch::autograd::grad({loss}, model.module().parameters(), {}, {}, false, true))
    if (gradient.defined()) squares += gradient.square().sum().item<double>();
  return std::sqrt(squares);
}

}  // namespace tractrix::test
