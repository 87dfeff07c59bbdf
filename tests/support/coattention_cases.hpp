// Golden cases of the recipes over nn/coattention_net.hpp.
#pragma once

#include <string>
#include <vector>

#include "support/golden_outputs.hpp"
#include "support/recipe_cases.hpp"

namespace tractrix::test {

// x_omic1 ... of the case as one row.
inline at::Tensor grouped_genes(Golden& golden) {
  std::vector<at::Tensor> parts;
  for (size_t g = 1; g <= golden.config().at("omic_sizes").size(); ++g)
    parts.push_back(golden.input("x_omic" + std::to_string(g)));
  return at::cat(parts).unsqueeze(0);
}

// The recipe with the case's fusion and further options, its weights and its outputs.
inline Tensors run_coattention(Golden& golden, const std::string& name,
                               const std::string& further) {
  const Json& config = golden.config();
  const auto model =
      make_recipe(name, "fusion: " + config.at("fusion").get<std::string>() + "\n" + further,
                  grouped_schema(1024, config.at("omic_sizes"), config.value("n_classes", 4)));
  golden.load(model->module());
  const bool labelled = config.contains("loss");
  const auto batch = batch_of(golden.input("x_path"), grouped_genes(golden),
                              labelled ? golden.value("in/Y").item<int64_t>() : 0,
                              labelled ? 1 - golden.value("in/c").item<double>() : 0);
  const Tensors made = model->forward(batch);
  Tensors out = survival_outputs(golden, made.at("logits"));
  if (labelled) out["loss"] = model->loss(made, batch).at(0).value.reshape({1});
  out["coattn"] = made.at("coattention").unsqueeze(0).unsqueeze(0);
  out["path"] = made.at("path");
  out["omic"] = made.at("omic");
  if (golden.has("out/Y_hat")) out["Y_hat"] = made.at("logits").argmax(1, true);
  if (made.has("iterations")) out["iterations"] = made.at("iterations");
  return out;
}

}  // namespace tractrix::test
