// Every registered recipe over a bag, none of them listed here, on bags and genes that a real
// cohort brings sooner or later: outputs, loss and all gradients stay finite.
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "support/made_up.hpp"
#include "tractrix/config/fields.hpp"
#include "tractrix/recipe/registry.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::testing {
namespace hostile_batches {

struct Hostile {
  std::string name;
  at::Tensor bag;
  double genes;  // their size
};

std::vector<Hostile> hostile_inputs() {
  const auto bag = [](int64_t n) { return normal(Seed(41).at("bag"), {n, kMadeUpColumns}); };
  std::vector<Hostile> all;
  for (const int64_t n : {1, 2, 5, 40, 140})
    all.push_back({std::to_string(n) + " patches", bag(n), 1});
  all.push_back({"equal patches", bag(1).repeat({20, 1}), 1});
  all.push_back({"zeros", at::zeros({7, kMadeUpColumns}), 0});
  all.push_back({"large patches", 1e4 * bag(20), 1});
  all.push_back({"large genes", bag(20), 1e4});
  all.push_back({"large equal patches", at::full({3, kMadeUpColumns}, 1e4), 1e4});
  return all;
}

void expect_finite(recipe::Recipe& model, data::Batch batch) {
  at::Tensor& bag = batch.inputs["pathology"];
  bag.set_requires_grad(true);
  const Tensors out = model.forward(batch);
  at::Tensor sum = at::zeros({}, bag.options());
  for (const auto& term : model.loss(out, batch)) {
    EXPECT_TRUE(term.value.isfinite().all().item<bool>()) << term.name;
    if (term.weight != 0) sum = sum + term.weight * term.value;
  }
  auto leaves = model.module().parameters();
  leaves.push_back(bag);
  const auto gradients = torch::autograd::grad({sum}, leaves, {}, {}, false, true);
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) continue;
    EXPECT_TRUE(gradients[i].isfinite().all().item<bool>()) << "gradient " << i;
  }
  model.module().eval();
  const at::NoGradGuard no_grad;
  for (const auto& [name, value] : model.predict(batch))
    EXPECT_TRUE(value.isfinite().all().item<bool>()) << name;
  model.module().train();
}

TEST(HostileBatches, LeaveEveryBagRecipeFinite) {
  at::set_num_threads(1);
  int tried = 0;
  for (const auto& entry : recipe::registry()) {
    const auto maker = entry.maker();
    config::Visit visit;
    {
      config::Fields fields(visit, nullptr, "recipe");
      maker->visit(fields);
    }
    if (!visit.errors.empty()) continue;  // fusion: its encoders have cases of their own
    const auto contract = maker->contract();
    const bool bags = std::any_of(contract.inputs.begin(), contract.inputs.end(),
                                  [](const auto& input) { return input.name == "pathology"; });
    if (!bags || contract.min_window > 1 || contract.stages.size() > 1) continue;
    draw_from(Seed(42));
    const auto model = maker->make(made_up_schema(contract));
    model->module().train();
    const MadeUpReader reader(contract, at::kFloat);
    for (const auto& [name, bag, genes] : hostile_inputs()) {
      SCOPED_TRACE(entry.name + (", " + name));
      data::Batch batch = reader.read({"A"}, Seed(1));
      for (auto& [input, value] : batch.inputs)
        if (input != "pathology") value = genes * value;
      batch.inputs["pathology"] = bag.to(at::kFloat).clone();
      batch.lengths["pathology"] = {bag.size(0)};
      expect_finite(*model, batch);
    }
    ++tried;
  }
  EXPECT_GE(tried, 8);
}

}  // namespace hostile_batches
}  // namespace tractrix::testing
