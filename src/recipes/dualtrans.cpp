// DualTrans of CMTA's Table 1 (Zhou & Chen, ICCV 2023): both encoders of CMTA and its fusion, no
// attention between the modalities (nn/dualtrans_net.hpp). Our reading of one sentence of the
// paper; no code of it was ever released.
#include "bag_and_genes.hpp"
#include "tractrix/nn/dualtrans_net.hpp"
#include "tractrix/nn/init.hpp"

namespace tractrix::recipes::dualtrans {

struct Omics {
  std::string input = "genomics";
  int64_t hidden = 1024;
};
void fields(config::Fields& f, Omics& o) {
  f("input", o.input, "which vector of the cohort; needs gene groups");
  f("hidden", o.hidden, "width between a group and its token", config::at_least(1));
}

struct Config {
  int64_t dim = 256;
  Omics omics;
  paired::Fusion fusion = paired::Fusion::concat;
  paired::Loss loss;
  double dropout = 0.25, layer_dropout = 0.1;
  bool xavier = true;
  nn::Form form = nn::Form::exact;
};
void fields(config::Fields& f, Config& c) {
  f("dim", c.dim, "width of every token, a multiple of 8", config::at_least(16));
  f.group("omics", c.omics, "gene groups");
  f("fusion", c.fusion, "how the two class tokens meet");
  paired::fields(f, c.loss);
  f("dropout", c.dropout, "rate in embeddings and bilinear fusion", config::from_below(0, 1));
  f("layer_dropout", c.layer_dropout, "rate behind every attention layer",
    config::from_below(0, 1));
  f("xavier", c.xavier, "Xavier-normal initial weights; false: torch's");
  f("form", c.form, "fewer operations (exact: equal up to rounding without dropout) or as CMTA's");
  f.require(c.dim % 8 == 0, "dim", "must be a multiple of 8, the number of heads");
}

nn::CmtaOptions options_of(const Config& c, const data::Schema& schema) {
  nn::CmtaOptions o;
  o.patch_columns = schema.inputs.at("pathology").columns;
  o.groups = paired::groups_of(schema, c.omics.input, "DualTrans makes a token");
  o.dim = c.dim;
  o.gene_hidden = c.omics.hidden;
  o.bilinear = c.fusion == paired::Fusion::bilinear;
  o.dropout = c.dropout;
  o.layer_dropout = c.layer_dropout;
  o.form = c.form;
  o.classes = schema.bins();
  return o;
}

class DualTransRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return paired::contract_of(c.omics.input); }
  DualTransRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(options_of(config, schema)) {
    nn::initialise(*net_, config.xavier ? nn::Init::xavier_normal : nn::Init::torch_default);
  }
  torch::nn::Module& module() override { return *net_; }

  Tensors forward(const data::Batch& batch) override {
    const auto [logits, p, g] =
        net_->forward(batch.bag("pathology"), batch.inputs.at(config_.omics.input));
    return {{"logits", logits}, {"p", p}, {"g", g}};
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    return {paired::term_of(config_.loss, out.at("logits"), batch)};
  }

  Tensors predict(const data::Batch& batch) override {
    const auto out =
        net_->forward_attended(batch.bag("pathology"), batch.inputs.at(config_.omics.input));
    Tensors made = paired::predictions_of(out.logits);
    made["attention.pathology"] = out.weights;
    return made;
  }

 private:
  Config config_;
  nn::DualTransNet net_;
};

}  // namespace tractrix::recipes::dualtrans

TRACTRIX_RECIPE(dualtrans, "DualTrans: CMTA's two encoders and their fusion, nothing between them",
                tractrix::recipes::dualtrans::DualTransRecipe, tractrix::recipes::dualtrans::Config)
