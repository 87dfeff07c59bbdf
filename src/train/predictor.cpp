#include "tractrix/train/predictor.hpp"

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include <algorithm>

#include "tractrix/config/document.hpp"

namespace tractrix::train {
namespace predictor_detail {

void refuse_other_sections(const std::vector<std::string>& overrides) {
  Errors errors;
  for (const auto& assignment : overrides) {
    const auto section = assignment.substr(0, assignment.find_first_of(".="));
    if (section == "data" || section == "split" || section == "run") continue;
    errors.add("command line: '" + assignment + "'",
               "'" + section + "' cannot be changed when predicting: it belongs to the model",
               "only data, split and run may be overridden");
  }
  errors.raise();
}

Precision precision_of(const Model& model, const std::string& where) {
  const auto text = model.card.facts.value("precision", std::string("f32"));
  for (const auto& [name, precision] : names(Precision{}))
    if (text == name) return precision;
  throw Error(where, "was trained with the unknown precision '" + text + "'");
}

void check_inputs(const recipe::Contract& contract, const data::Cohort& cohort,
                  const std::string& where, Errors& errors) {
  for (const auto& input : contract.inputs) {
    if (input.optional || cohort.vectors().has(input.name) || cohort.bags().has(input.name))
      continue;
    errors.add(where, "the model needs the input '" + input.name + "', which the cohort lacks",
               "set data.inputs." + input.name);
  }
}

// Before the members that would otherwise be built from what does not fit.
Model checked(Model model, const data::Cohort& cohort, const std::string& where) {
  Errors errors;
  const auto contract = model.maker->contract();
  check_inputs(contract, cohort, where, errors);
  check_patients(contract, cohort, model.card.recipe, errors);
  errors.raise();
  return model;
}

}  // namespace predictor_detail

using namespace predictor_detail;

at::Device choose_device(DeviceChoice choice) {
  const bool there = at::globalContext().hasCUDA();
  if (choice == DeviceChoice::cuda && !there) {
    throw Error("run.device", "there is no CUDA device here",
                "`tractrix doctor` says why; run.device=cpu computes on the processor");
  }
  return choice != DeviceChoice::cpu && there ? at::Device(at::kCUDA) : at::Device(at::kCPU);
}

void check_patients(const recipe::Contract& contract, const data::Cohort& cohort,
                    const std::string& recipe, Errors& errors) {
  const auto& inputs = contract.inputs;
  if (inputs.empty()) return;
  std::vector<std::string> empty;
  for (size_t p = 0; p < cohort.size(); ++p) {
    const auto lacks = [&](const recipe::Input& input) {
      const auto* vector = cohort.vectors().find(input.name);
      const auto* bags = cohort.bags().find(input.name);
      return (vector && !vector->present[p]) || (bags && bags->slides[p].empty());
    };
    const bool all = std::all_of(inputs.begin(), inputs.end(), lacks);
    const bool needed = std::any_of(inputs.begin(), inputs.end(),
                                    [&](const auto& i) { return !i.optional && lacks(i); });
    if (all || needed) empty.push_back(cohort.patients()[p].id);
  }
  if (empty.empty()) return;
  errors.add("recipe " + recipe,
             std::to_string(empty.size()) +
                 " patients lack an input it cannot do without: " + enumerate(empty),
             "set data.inputs.<name>.missing=drop_patient");
}

void check_withheld(const recipe::Contract& contract, const data::WithholdSides& sides,
                    const std::string& recipe, Errors& errors) {
  for (const auto& [side, options] :
       {std::pair{"train", &sides.train}, std::pair{"reported", &sides.reported}}) {
    if (options->input.empty() || options->rate == 0) continue;
    for (const auto& input : contract.inputs) {
      if (input.optional || (options->input != "any" && options->input != input.name)) continue;
      errors.add("recipe " + recipe,
                 "cannot do without '" + input.name + "', which data.withhold." + side +
                     " takes from patients",
                 "a recipe with optional inputs can: must; or clear data.withhold." +
                     std::string(side) + ".input");
    }
  }
}

PredictConfig PredictConfig::load(const std::filesystem::path& file,
                                  const std::vector<std::string>& overrides) {
  refuse_other_sections(overrides);
  const auto root = config::load(file, overrides);
  PredictConfig result;
  config::Visit visit;
  result.read(root, file, visit);
  if (const auto* run = root.find("run")) {
    config::Fields f(visit, run, "run");
    fields(f, result.run);
  }
  visit.errors.raise();
  return result;
}

Predictor::Predictor(Model model, std::shared_ptr<const data::Cohort> cohort,
                     std::shared_ptr<data::BagCache> cache, at::Device device,
                     data::AbsentColumns absent, const std::string& where)
    : model_(checked(std::move(model), *cohort, where)),
      view_(cohort, model_.card.preparation, std::move(cache), absent) {
  how_.precision = precision_of(model_, where);
  how_.device = device;
  how_.max_batch = model_.maker->contract().max_batch;
  view_.to(device, weight_type(how_.precision));
  cast(model_.recipe->module(), device, weight_type(how_.precision));
}

void Predictor::withhold(const data::WithholdOptions& options,
                         const std::vector<std::string>& ids) {
  Errors errors;
  check_withheld(model_.maker->contract(), {{}, options}, model_.card.recipe, errors);
  errors.raise();
  data::Withheld withheld;
  withheld.draw(options, view_.cohort(), ids);
  view_.withhold(std::move(withheld));
}

std::vector<Predicted> Predictor::predict(const std::vector<std::string>& ids, bool attention) {
  auto how = how_;
  how.attention = attention;
  return train::predict(*model_.recipe, view_, ids, how);
}

}  // namespace tractrix::train
