// PORPOISE (Chen et al., Cancer Cell 2022; mahmoodlab/PORPOISE, class PorpoiseMMF, commit 3390dc4).
// nn/porpoise_net.hpp holds the network. The defaults are the paper's gated Kronecker fusion, which
// are the class's; the command line's turn gates and skip off and name no fusion (specs D-34).
#include "bag_and_genes.hpp"
#include "tractrix/nn/init.hpp"
#include "tractrix/nn/porpoise_net.hpp"

namespace tractrix::nn {

inline const auto& names(PorpoiseFusion) {
  using enum PorpoiseFusion;
  static const std::vector<std::pair<const char*, PorpoiseFusion>> all{
      {"bilinear", bilinear}, {"concat", concat}, {"low_rank", low_rank}};
  return all;
}
inline const auto& names(Unit) {
  static const std::vector<std::pair<const char*, Unit>> all{{"snn", Unit::snn},
                                                             {"mlp", Unit::mlp}};
  return all;
}

}  // namespace tractrix::nn

namespace tractrix::recipes::porpoise {

struct Omics {
  std::string input = "genomics";
  nn::Unit unit = nn::Unit::snn;
  std::vector<int64_t> widths{256, 256};
};
void fields(config::Fields& f, Omics& o) {
  f("input", o.input, "which vector of the cohort");
  f("unit", o.unit, "block: ELU and alpha dropout, or ReLU and dropout");
  f("widths", o.widths, "output width of every block; the last one is dim", config::at_least(1));
}

struct Config {
  int64_t dim = 256, hidden = 512, attention = 256;
  Omics omics;
  nn::PorpoiseFusion fusion = nn::PorpoiseFusion::bilinear;
  bool gate_path = true, gate_omic = true, skip = true;
  paired::Loss loss;
  double dropout = 0.25, input_dropout = 0.1, l1 = 0;
};
void fields(config::Fields& f, Config& c) {
  f("dim", c.dim, "width of each modality's vector", config::at_least(8));
  f("hidden", c.hidden, "width of a patch behind the first layer", config::at_least(1));
  f("attention", c.attention, "inner width of the gated attention", config::at_least(1));
  f.group("omics", c.omics, "vector of genes");
  f("fusion", c.fusion, "bilinear: Kronecker product (paper); low_rank: its output is the logits");
  f("gate_path", c.gate_path, "bilinear, low_rank: both vectors gate that of the patches");
  f("gate_omic", c.gate_omic, "bilinear, low_rank: both vectors gate that of the genes");
  f("skip", c.skip, "bilinear: both vectors also go into its last layer");
  paired::fields(f, c.loss);
  f("dropout", c.dropout, "rate behind each layer", config::from_below(0, 1));
  f("input_dropout", c.input_dropout, "rate on the patches' features", config::from_below(0, 1));
  f("l1", c.l1, "weight of the sum of absolute weights of genes and fusion, per optimizer step",
    config::at_least(0));
  f.require(!c.omics.widths.empty() && c.omics.widths.back() == c.dim, "omics",
            "widths must end with dim");
}

nn::PorpoiseOptions options_of(const Config& c, const data::Schema& schema) {
  nn::PorpoiseOptions o;
  o.patch_columns = schema.inputs.at("pathology").columns;
  o.gene_columns = schema.inputs.at(c.omics.input).columns;
  o.hidden = c.hidden;
  o.attention = c.attention;
  o.dim = c.dim;
  o.gene_widths = c.omics.widths;
  o.unit = c.omics.unit;
  o.fusion = c.fusion;
  o.gate_path = c.gate_path;
  o.gate_omic = c.gate_omic;
  o.skip = c.skip;
  o.input_dropout = c.input_dropout;
  o.dropout = c.dropout;
  o.classes = schema.bins();
  return o;
}

class PorpoiseRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return paired::contract_of(c.omics.input); }
  PorpoiseRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(options_of(config, schema)) {}
  torch::nn::Module& module() override { return *net_; }

  Tensors forward(const data::Batch& batch) override {
    const auto out = net_->forward(batch.bag("pathology"), batch.inputs.at(config_.omics.input));
    return {{"logits", out.logits}, {"attention.pathology", out.weights}};
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    recipe::Terms terms{paired::term_of(config_.loss, out.at("logits"), batch)};
    if (config_.l1 > 0)
      terms.push_back(
          {"l1", nn::l1_norm(*net_, "fc_omic.") + nn::l1_norm(*net_, "mm."), config_.l1});
    return terms;
  }

  Tensors predict(const data::Batch& batch) override {
    const Tensors made = forward(batch);
    Tensors out = paired::predictions_of(made.at("logits"));
    out["attention.pathology"] = made.at("attention.pathology");
    return out;
  }

 private:
  Config config_;
  nn::PorpoiseNet net_;
};

}  // namespace tractrix::recipes::porpoise

TRACTRIX_RECIPE(porpoise, "PORPOISE: attention pooling and gated Kronecker fusion with all genes",
                tractrix::recipes::porpoise::PorpoiseRecipe, tractrix::recipes::porpoise::Config)
