// MCAT (Chen et al., ICCV 2021; mahmoodlab/MCAT, commit b9cca63): co-attention of gene groups over
// patches, a transformer per modality. nn/coattention_net.hpp holds the network. The repository
// exports the scores of the co-attention before the softmax, predictions here its weights.
#include "coattention_options.hpp"

namespace tractrix::recipes::mcat {

struct Config : coattention::Options {
  nn::Form form = nn::Form::exact;
};
void fields(config::Fields& f, Config& c) {
  coattention::fields(f, c);
  f("form", c.form, "of the co-attention: fewer operations (equal up to rounding) or as published");
}

nn::CoattentionOptions options_of(const Config& c, const data::Schema& schema) {
  nn::CoattentionOptions options = coattention::options_of(c, schema);
  options.form = c.form;
  return options;
}

class McatRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return paired::contract_of(c.omics.input); }
  McatRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(options_of(config, schema)) {}
  torch::nn::Module& module() override { return *net_; }

  // coattention [groups, N], path and omic [1, groups]: scores before the softmax.
  Tensors forward(const data::Batch& batch) override {
    const auto out = net_->forward(batch.bag("pathology"), batch.inputs.at(config_.omics.input));
    return {{"logits", out.logits},
            {"coattention", out.coattention},
            {"path", out.path},
            {"omic", out.omic}};
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    return coattention::terms_of(config_, *net_, out.at("logits"), batch.targets.at("bin"),
                                 batch.targets.at("event"));
  }

  Tensors predict(const data::Batch& batch) override {
    const Tensors made = forward(batch);
    Tensors out = paired::predictions_of(made.at("logits"));
    out["attention.pathology"] = at::softmax(made.at("coattention"), 1);
    return out;
  }

 private:
  Config config_;
  nn::CoattentionNet net_;
};

}  // namespace tractrix::recipes::mcat

TRACTRIX_RECIPE(mcat, "MCAT: co-attention of gene groups over patches",
                tractrix::recipes::mcat::McatRecipe, tractrix::recipes::mcat::Config)
