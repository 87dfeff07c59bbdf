// HFBSurv (Li et al., Bioinformatics 2022; Liruiqing-ustc/HFBSurv, commit 587a000) for CMTA's Table
// 1. The core is the repository's (nn/hfbsurv_net.hpp) with the two modalities there are; it knows
// no bags, normalises over the batch and trains with a Cox loss over all patients at once. The
// vectors it is given, a layer norm in place of the batch norm, the hazards of time bins and one
// patient per step are our reading: CMTA's code of this row was never released.
#include "tractrix/nn/hfbsurv_net.hpp"
#include "tractrix/nn/init.hpp"
#include "vector_pair_options.hpp"

namespace tractrix::recipes::hfbsurv {

struct Config : vector_pair::Options {
  int64_t width = 80, inner = 50, product = 20, rank = 20;
  std::vector<int64_t> encoder{256, 64};
  double product_dropout = 0.1, head_dropout = 0.3;
  bool upstream_bugs = true;
};
void fields(config::Fields& f, Config& c) {
  vector_pair::fields(f, c);
  f("width", c.width, "of both vectors", config::at_least(1));
  f("inner", c.inner, "width of each modality in the core", config::at_least(1));
  f("product", c.product, "width of the products within and between modalities",
    config::at_least(1));
  f("rank", c.rank, "of the factorised products", config::at_least(1));
  f("encoder", c.encoder, "widths behind the products", config::at_least(1));
  f("product_dropout", c.product_dropout, "rate inside the products", config::from_below(0, 1));
  f("head_dropout", c.head_dropout, "rate behind each layer of the encoder",
    config::from_below(0, 1));
  f("upstream_bugs", c.upstream_bugs,
    "as the repository: the genes' layer leads both modalities into their product; false: each has "
    "its own (paper)");
  f.require(!c.encoder.empty(), "encoder", "must not be empty");
}

nn::HfbsurvOptions core_of(const Config& c, const data::Schema& schema) {
  nn::HfbsurvOptions options;
  options.in = {c.width, c.width};
  options.hidden = c.inner;
  options.intra = options.inter = c.product;
  options.rank = c.rank;
  options.head = c.encoder;
  options.product_dropout = c.product_dropout;
  options.head_dropout = c.head_dropout;
  options.upstream_bugs = c.upstream_bugs;
  options.outputs = schema.bins();
  return options;
}

struct NetImpl : torch::nn::Module {
  NetImpl(const Config& c, const data::Schema& schema)
      : vectors(register_module("vectors",
                                nn::PatientVectors(vector_pair::options_of(c, schema, c.width)))),
        core(register_module("core", nn::HfbsurvNet(core_of(c, schema)))) {}
  nn::PatientVectors vectors;
  nn::HfbsurvNet core;
};
TORCH_MODULE(Net);

class HfbsurvRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return paired::contract_of(c.omics.input); }
  HfbsurvRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(config, schema) {}
  torch::nn::Module& module() override { return *net_; }

  Tensors forward(const data::Batch& batch) override {
    const auto [genes, patches, weights] =
        net_->vectors->forward(batch.bag("pathology"), batch.inputs.at(config_.omics.input));
    return {{"logits", net_->core->forward({genes, patches}).values},
            {"attention.pathology", weights}};
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    recipe::Terms terms{paired::term_of(config_.loss, out.at("logits"), batch)};
    if (config_.l1 > 0) terms.push_back({"l1", nn::l1_norm(*net_, "core."), config_.l1});
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
  Net net_;
};

}  // namespace tractrix::recipes::hfbsurv

TRACTRIX_RECIPE(hfbsurv, "HFBSurv: factorised bilinear products within and between modalities",
                tractrix::recipes::hfbsurv::HfbsurvRecipe, tractrix::recipes::hfbsurv::Config)
