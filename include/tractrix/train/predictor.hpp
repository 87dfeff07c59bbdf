// A trained model on a cohort that it may never have seen.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tractrix/data/data_config.hpp"
#include "tractrix/data/fold_view.hpp"
#include "tractrix/train/checkpoint.hpp"
#include "tractrix/train/inference.hpp"
#include "tractrix/train/run_config.hpp"

namespace tractrix::train {

// The sections data, split and run of a config. recipe and train are the model's own: they are not
// looked at, and overriding them is an Error.
struct PredictConfig : data::DataConfig {
  RunOptions run;

  static PredictConfig load(const std::filesystem::path& file,
                            const std::vector<std::string>& overrides);
};

// `auto` takes a CUDA device when there is one; throws an Error when cuda is asked for in vain.
at::Device choose_device(DeviceChoice choice);

// Adds one error when patients lack an input the recipe cannot do without.
void check_patients(const recipe::Contract& contract, const data::Cohort& cohort,
                    const std::string& recipe, Errors& errors);

// Adds an error per input that is withheld although the recipe cannot do without it.
void check_withheld(const recipe::Contract& contract, const data::WithholdSides& sides,
                    const std::string& recipe, Errors& errors);

class Predictor {
 public:
  // Throws one Error that lists every input, column and width of the model the cohort lacks.
  // where: the model's file, for messages.
  Predictor(Model model, std::shared_ptr<const data::Cohort> cohort,
            std::shared_ptr<data::BagCache> cache, at::Device device, data::AbsentColumns absent,
            const std::string& where);

  const ModelCard& card() const { return model_.card; }
  int64_t fold() const { return model_.card.facts.value("fold", int64_t{0}); }
  // Makes patients lack inputs from here on; throws when the model cannot do without them.
  void withhold(const data::WithholdOptions& options, const std::vector<std::string>& ids);
  // In the order of ids; with the precision of the training. The patients of a fold's validation
  // side get the bits of the run's own prediction tables.
  std::vector<Predicted> predict(const std::vector<std::string>& ids, bool attention = false);

 private:
  Model model_;
  data::FoldView view_;
  Inference how_;
};

}  // namespace tractrix::train
