// Schemas and batches made up from what a recipe's Contract asks for: any recipe can be run on them
// without being known.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/data/reader.hpp"
#include "tractrix/recipe/recipe.hpp"

namespace tractrix::testing {

constexpr int64_t kMadeUpColumns = 10, kMadeUpBins = 4;

// Every vector has six groups of columns, every bag kMadeUpColumns columns.
inline data::Schema made_up_schema(const recipe::Contract& contract) {
  data::Schema schema;
  for (const auto& input : contract.inputs) {
    data::Width width{input.kind, kMadeUpColumns, {}};
    if (input.kind == data::Kind::image)
      throw Error("made_up_schema", "there is no made-up image for '" + input.name + "'");
    if (input.kind == data::Kind::vector) {
      width.columns = 0;
      for (int64_t g = 1; g <= 6; ++g) {
        auto& group = width.groups["group " + std::to_string(g)];
        for (int64_t i = 0; i <= g; ++i) group.push_back(width.columns++);
      }
    }
    schema.inputs[input.name] = width;
  }
  for (int64_t k = 0; k <= kMadeUpBins; ++k) schema.edges.push_back(static_cast<double>(k));
  return schema;
}

// Inputs and targets of a contract that follow from an example's id alone; bags of 1 to 6 rows.
class MadeUpReader final : public data::Reader {
 public:
  MadeUpReader(recipe::Contract contract, at::ScalarType type)
      : contract_(std::move(contract)), schema_(made_up_schema(contract_)), type_(type) {}

  void leave_out(const std::string& input) { left_out_.push_back(input); }

  std::vector<std::string> present(const std::string&) const override {
    std::vector<std::string> all;
    for (const auto& input : contract_.inputs)
      if (std::find(left_out_.begin(), left_out_.end(), input.name) == left_out_.end())
        all.push_back(input.name);
    return all;
  }

  data::Batch read(const std::vector<std::string>& ids, const Seed& seed) const override {
    data::Batch batch;
    batch.ids = ids;
    for (size_t i = 0; i < ids.size(); ++i) batch.seeds.push_back(seed.at("row", i));
    for (const auto& name : present({})) {
      const data::Width& width = schema_.inputs.at(name);
      std::vector<at::Tensor> rows;
      for (const auto& id : ids) {
        const Seed own = Seed(6).at(id).at(name);
        const int64_t n =
            width.kind == data::Kind::bag ? 1 + static_cast<int64_t>(own.key() % 6) : 1;
        rows.push_back(normal(own.at("values"), {n, width.columns}));
        if (width.kind == data::Kind::bag) batch.lengths[name].push_back(n);
      }
      batch.inputs[name] = at::cat(rows).to(type_);
    }
    for (const auto& name : contract_.targets) batch.targets[name] = target(name, ids);
    return batch;
  }

 private:
  at::Tensor target(const std::string& name, const std::vector<std::string>& ids) const {
    std::vector<double> values;
    for (const auto& id : ids) {
      const Seed own = Seed(7).at(id);
      const auto bin = own.at("bin").key() % static_cast<uint64_t>(kMadeUpBins);
      const double within = static_cast<double>(own.at("time").key() % 1000) / 1000;
      if (name == "bin")
        values.push_back(static_cast<double>(bin));
      else if (name == "event")
        values.push_back(static_cast<double>(own.at("event").key() % 2));
      else if (name == "time")
        values.push_back(static_cast<double>(bin) + within);
      else
        throw Error("MadeUpReader", "there is no made-up target '" + name + "'");
    }
    const at::Tensor all = at::tensor(values, at::kDouble);
    return name == "bin" ? all.to(at::kLong) : all;
  }

  recipe::Contract contract_;
  data::Schema schema_;
  at::ScalarType type_;
  std::vector<std::string> left_out_;
};

}  // namespace tractrix::testing
