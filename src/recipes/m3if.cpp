// M3IF (Li et al., MICCAI 2021; yfzon/Multi-modal-Multi-instance-Learning, commit c30051b) for
// CMTA's Table 1. The core is the repository's with two modalities (nn/m3if_net.hpp), which
// classifies patients from a clinical table; its training was never released. Patches through one
// layer, genes in place of the table (the mean of one token per gene group, or one network over all
// of them), hazards of time bins in place of a class: our reading, as CMTA's code of this row was
// never released either.
#include "bag_and_genes.hpp"
#include "tractrix/nn/gene_tokens.hpp"
#include "tractrix/nn/m3if_net.hpp"
#include "tractrix/nn/snn_block.hpp"

namespace tractrix::recipes::m3if {

enum class Genes { groups, whole };
const paired::Names<Genes>& names(Genes) {
  static const paired::Names<Genes> all{{"groups", Genes::groups}, {"whole", Genes::whole}};
  return all;
}

struct Omics {
  std::string input = "genomics";
  Genes as = Genes::groups;
  std::vector<int64_t> widths{256, 256};
};
void fields(config::Fields& f, Omics& o) {
  f("input", o.input, "which vector of the cohort");
  f("as", o.as, "groups: mean of a token per gene group; whole: one network over all genes");
  f("widths", o.widths, "output width of every block", config::at_least(1));
  f.require(!o.widths.empty(), "widths", "must not be empty");
}

struct Config {
  int64_t dim = 256;
  Omics omics;
  paired::Loss loss;
  double dropout = 0.25, head_dropout = 0.5;
};
void fields(config::Fields& f, Config& c) {
  f("dim", c.dim, "width of a patch behind the first layer", config::at_least(1));
  f.group("omics", c.omics, "gene groups or a vector of genes");
  paired::fields(f, c.loss);
  f("dropout", c.dropout, "rate of the layers before the core", config::from_below(0, 1));
  f("head_dropout", c.head_dropout, "rate between the last two layers", config::from_below(0, 1));
}

struct NetImpl : torch::nn::Module {
  NetImpl(const Config& c, const data::Schema& schema)
      : patches(register_module(
            "patches",
            nn::Mlp(nn::MlpOptions{.widths = {schema.inputs.at("pathology").columns, c.dim},
                                   .dropout = c.dropout}))) {
    if (c.omics.as == Genes::groups) {
      const nn::GeneTokensOptions options{
          .groups = paired::groups_of(schema, c.omics.input, "M3IF makes a token"),
          .widths = c.omics.widths,
          .dropout = c.dropout};
      tokens = register_module("genes", nn::GeneTokens(options));
    } else {
      std::vector<int64_t> widths{schema.inputs.at(c.omics.input).columns};
      widths.insert(widths.end(), c.omics.widths.begin(), c.omics.widths.end());
      vector = register_module("genes", nn::Snn(nn::SnnOptions{widths, c.dropout, nn::Unit::snn}));
    }
    nn::M3ifOptions options;
    options.patch = c.dim;
    options.table = c.omics.widths.back();
    options.dropout = c.head_dropout;
    options.outputs = schema.bins();
    core = register_module("core", nn::M3ifNet(options));
  }
  at::Tensor row_of(const at::Tensor& genes) {  // [1, G] -> [1, T]
    return tokens ? tokens->forward(genes).mean(1) : vector->forward(genes);
  }
  nn::Mlp patches;
  nn::GeneTokens tokens{nullptr};
  nn::Snn vector{nullptr};
  nn::M3ifNet core{nullptr};
};
TORCH_MODULE(Net);

class M3ifRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return paired::contract_of(c.omics.input); }
  M3ifRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(config, schema) {}
  torch::nn::Module& module() override { return *net_; }

  Tensors forward(const data::Batch& batch) override {
    const at::Tensor row = net_->row_of(batch.inputs.at(config_.omics.input));
    const auto [values, weights] =
        net_->core->forward(row, net_->patches->forward(batch.bag("pathology")));
    return {{"logits", values}, {"attention.pathology", weights}};
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    return {paired::term_of(config_.loss, out.at("logits"), batch)};
  }

  Tensors predict(const data::Batch& batch) override {
    const Tensors made = forward(batch);
    Tensors out = paired::predictions_of(made.at("logits"));
    out["attention.pathology"] = made.at("attention.pathology");
    return out;
  }

 private:
  Config config_;
  Net net_;
};

}  // namespace tractrix::recipes::m3if

TRACTRIX_RECIPE(m3if,
                "M3IF: genes and the mean patch excite each other, attention pools the patches",
                tractrix::recipes::m3if::M3ifRecipe, tractrix::recipes::m3if::Config)
