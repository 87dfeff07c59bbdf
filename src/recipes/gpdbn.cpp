// GPDBN (Wang et al., Bioinformatics 2021; isfj/GPDBN, commit 7d2c2a7) for CMTA's Table 1. The core
// is the repository's (nn/gpdbn_net.hpp); it knows no bags and trains with a Cox loss over all
// patients at once. How the patches become its 32 numbers, the hazards of time bins and one patient
// per step are our reading: CMTA's code of this row was never released.
#include "tractrix/nn/gpdbn_net.hpp"
#include "tractrix/nn/init.hpp"
#include "vector_pair_options.hpp"

namespace tractrix::recipes::gpdbn {

struct Config : vector_pair::Options {
  int64_t width = 32, product = 20;
  std::vector<int64_t> encoder{500, 256, 128};
  double core_dropout = 0.1;
};
void fields(config::Fields& f, Config& c) {
  vector_pair::fields(f, c);
  f("width", c.width, "of both vectors and of the code; the products have its square",
    config::at_least(1));
  f("product", c.product, "width of each product behind its layer", config::at_least(1));
  f("encoder", c.encoder, "inner widths behind the products", config::at_least(1));
  f("core_dropout", c.core_dropout, "rate behind each layer of the encoder",
    config::from_below(0, 1));
}

struct NetImpl : torch::nn::Module {
  NetImpl(const Config& c, const data::Schema& schema)
      : vectors(register_module("vectors",
                                nn::PatientVectors(vector_pair::options_of(c, schema, c.width)))) {
    nn::GpdbnOptions options;
    options.width = c.width;
    options.hidden = c.product;
    options.encoder = c.encoder;
    options.dropout = c.core_dropout;
    options.outputs = schema.bins();
    core = register_module("core", nn::GpdbnNet(options));
  }
  nn::PatientVectors vectors;
  nn::GpdbnNet core{nullptr};
};
TORCH_MODULE(Net);

class GpdbnRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return paired::contract_of(c.omics.input); }
  GpdbnRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(config, schema) {}
  torch::nn::Module& module() override { return *net_; }

  Tensors forward(const data::Batch& batch) override {
    const auto [genes, patches, weights] =
        net_->vectors->forward(batch.bag("pathology"), batch.inputs.at(config_.omics.input));
    return {{"logits", net_->core->forward(genes, patches).values},
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

}  // namespace tractrix::recipes::gpdbn

TRACTRIX_RECIPE(gpdbn, "GPDBN: outer products of a gene and a patch vector",
                tractrix::recipes::gpdbn::GpdbnRecipe, tractrix::recipes::gpdbn::Config)
