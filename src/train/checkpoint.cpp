#include "tractrix/train/checkpoint.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "tractrix/config/fields.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/tensor/safetensors_io.hpp"

namespace tractrix::train {
namespace checkpoint_detail {

std::string need(const Safetensors& file, const char* key, const std::string& where) {
  if (const auto* value = file.metadata().find(key)) return *value;
  throw Error(where, std::string("its header has no '") + key + "'",
              "is this a file written by tractrix?");
}

Json parse(const std::string& text, const std::string& where) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) {
    throw Error(where, std::string("its header cannot be read: ") + e.what());
  }
}

void copy_weights(torch::nn::Module& module, const Tensors& weights, const std::string& where) {
  const at::NoGradGuard no_grad;
  Errors errors;
  std::vector<std::string> used;
  const auto copy = [&](const std::string& name, at::Tensor& value) {
    used.push_back(name);
    const auto* stored = weights.find(name);
    if (!stored) {
      errors.add(where, "the weight '" + name + "' is missing");
    } else if (stored->sizes() != value.sizes()) {
      errors.add(where, "the weight '" + name + "' has another shape than the recipe's");
    } else {
      value.copy_(*stored);
    }
  };
  for (auto& item : module.named_parameters()) copy(item.key(), item.value());
  for (auto& item : module.named_buffers()) copy(item.key(), item.value());
  for (const auto& [name, value] : weights) {
    if (std::find(used.begin(), used.end(), name) == used.end())
      errors.add(where, "the weight '" + name + "' is not the recipe's");
  }
  errors.raise();
}

// Over names, types, shapes and bytes, so that any flipped bit is seen.
std::string checksum(const Tensors& tensors, const std::string& counters) {
  std::string all = counters;
  for (const auto& [name, tensor] : tensors) {
    const auto t = tensor.detach().cpu().contiguous();
    all += name + "|" + c10::toString(t.scalar_type());
    for (int64_t d : t.sizes()) all += "," + std::to_string(d);
    all += sha256({static_cast<const char*>(t.data_ptr()), static_cast<size_t>(t.nbytes())});
  }
  return sha256(all);
}

}  // namespace checkpoint_detail

using namespace checkpoint_detail;

void write_model(const std::filesystem::path& file, const Tensors& weights, const ModelCard& card) {
  write_tensors(file, weights,
                {{"format", "tractrix.model.1"},
                 {"recipe", card.recipe},
                 {"config", card.recipe_yaml},
                 {"preparation", card.preparation.to_json().dump()},
                 {"facts", card.facts.dump()}});
}

Model read_model(const std::filesystem::path& path) {
  const std::string where = path.string();
  const auto file = Safetensors::read(path);
  Model model;
  model.card.recipe = need(file, "recipe", where);
  model.card.recipe_yaml = need(file, "config", where);
  model.card.preparation =
      data::Preparation::from_json(parse(need(file, "preparation", where), where), where);
  model.card.facts = parse(need(file, "facts", where), where);
  model.maker = recipe::find_maker(model.card.recipe, where);
  const auto node = config::parse(model.card.recipe_yaml, path);
  config::Visit visit;
  {
    config::Fields fields(visit, &node, "recipe");
    model.maker->visit(fields);
  }
  visit.errors.raise();
  model.recipe = model.maker->make(model.card.preparation.schema());
  const auto weights = to_tensors(file);
  // Weights of a run in double precision stay what they were.
  const bool doubles = std::any_of(weights.begin(), weights.end(), [](const auto& item) {
    return item.second.scalar_type() == at::kDouble;
  });
  if (doubles) cast(model.recipe->module(), at::kCPU, at::kDouble);
  copy_weights(model.recipe->module(), weights, where);
  model.recipe->module().eval();
  return model;
}

std::string write_state(const std::filesystem::path& file, const Tensors& tensors,
                        const Json& counters) {
  const std::string text = counters.dump();
  const std::string sum = checksum(tensors, text);
  write_tensors(file, tensors,
                {{"format", "tractrix.state.1"}, {"counters", text}, {"sha256", sum}});
  return sum;
}

State read_state(const std::filesystem::path& path) {
  const std::string where = path.string();
  const auto file = Safetensors::read(path);
  State state{to_tensors(file), {}, need(file, "sha256", where)};
  const std::string text = need(file, "counters", where);
  if (checksum(state.tensors, text) != state.sha256) {
    throw Error(where, "is damaged: its checksum differs",
                "remove the fold's folder to train it again");
  }
  state.counters = parse(text, where);
  return state;
}

}  // namespace tractrix::train
