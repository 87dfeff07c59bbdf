// What a fold writes to disk, and how it is read again. Weights are safetensors under the
// reference's names with everything needed to predict in the header; nothing is pickled.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tractrix/core/json.hpp"
#include "tractrix/data/preparation.hpp"
#include "tractrix/recipe/registry.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::train {

// All that a model file holds beside its weights.
struct ModelCard {
  std::string recipe;       // name
  std::string recipe_yaml;  // its options, resolved
  data::Preparation preparation;
  Json facts = Json::object();  // cohort, fold, epoch, seed, version
};

void write_model(const std::filesystem::path& file, const Tensors& weights, const ModelCard& card);

// A model ready to predict; throws an Error when a weight is missing, left over or has another
// shape.
struct Model {
  ModelCard card;
  std::unique_ptr<recipe::Maker> maker;
  std::unique_ptr<recipe::Recipe> recipe;
};
Model read_model(const std::filesystem::path& file);

// state.safetensors: tensors, counters and a checksum over all of it. Alone enough to go on, but
// for the table of a cached stage, which lies beside it in the same form and is named by its
// checksum. Returns the checksum.
std::string write_state(const std::filesystem::path& file, const Tensors& tensors,
                        const Json& counters);
struct State {
  Tensors tensors;
  Json counters;
  std::string sha256;
};
State read_state(const std::filesystem::path& file);  // throws an Error when one bit differs

}  // namespace tractrix::train
