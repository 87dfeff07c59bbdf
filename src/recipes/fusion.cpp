// The generic survival recipe: one pathology encoder, one omics encoder, one fusion, one head.
// SNN: Chen et al., MCAT (ICCV 2021), models/model_genomic.py; ABMIL: the same,
// models/model_set_mil.py (commit b9cca63); MeanMIL, MaxMIL: MambaMIL, models/Mean_Max_MIL.py
// (9aea39e); SNNTrans: the genomics branch of CMTA (31340f6), whose own baseline code was never
// released. Children keep the names of those files, so their weights load unchanged.
#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include "tractrix/losses/cox.hpp"
#include "tractrix/losses/discrete_survival.hpp"
#include "tractrix/nn/attention_net.hpp"
#include "tractrix/nn/bilinear_fusion.hpp"
#include "tractrix/nn/init.hpp"
#include "tractrix/nn/kronecker_fusion.hpp"
#include "tractrix/nn/pooling.hpp"
#include "tractrix/nn/snn_block.hpp"
#include "tractrix/nn/trans_layer.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::recipes::fusion {

enum class Bag { none, mean, max, abmil };
constexpr std::pair<const char*, Bag> kBags[] = {
    {"none", Bag::none}, {"mean", Bag::mean}, {"max", Bag::max}, {"abmil", Bag::abmil}};
constexpr auto& names(Bag) { return kBags; }

enum class PoolAt { logits, features };
constexpr std::pair<const char*, PoolAt> kPoolAts[] = {{"logits", PoolAt::logits},
                                                       {"features", PoolAt::features}};
constexpr auto& names(PoolAt) { return kPoolAts; }

enum class Omics { none, linear, snn, mlp, transformer };
constexpr std::pair<const char*, Omics> kOmics[] = {{"none", Omics::none},
                                                    {"linear", Omics::linear},
                                                    {"snn", Omics::snn},
                                                    {"mlp", Omics::mlp},
                                                    {"transformer", Omics::transformer}};
constexpr auto& names(Omics) { return kOmics; }

enum class Fuse { none, concat, bilinear, kronecker };
constexpr std::pair<const char*, Fuse> kFuses[] = {{"none", Fuse::none},
                                                   {"concat", Fuse::concat},
                                                   {"bilinear", Fuse::bilinear},
                                                   {"kronecker", Fuse::kronecker}};
constexpr auto& names(Fuse) { return kFuses; }

enum class Head { nll, ce, cox };
constexpr std::pair<const char*, Head> kHeads[] = {
    {"nll", Head::nll}, {"ce", Head::ce}, {"cox", Head::cox}};
constexpr auto& names(Head) { return kHeads; }

enum class Start { torch, xavier_normal, max_weights };
constexpr std::pair<const char*, Start> kStarts[] = {{"torch", Start::torch},
                                                     {"xavier_normal", Start::xavier_normal},
                                                     {"max_weights", Start::max_weights}};
constexpr auto& names(Start) { return kStarts; }

struct Pathology {
  Bag encoder = Bag::none;
  PoolAt pool_at = PoolAt::logits;
  int64_t hidden = 512, attention = 256, out = 256;
  bool gated = true;
  double dropout = 0.25;
};
void fields(config::Fields& f, Pathology& p) {
  f("encoder", p.encoder, "how the patches of a bag become one vector");
  f("pool_at", p.pool_at,
    "mean and max: pool each patch's logits (MambaMIL) or its features; fusion needs features");
  f("hidden", p.hidden, "width of a patch behind the first layer", config::at_least(1));
  f("attention", p.attention, "abmil: width of the attention layer", config::at_least(1));
  f("out", p.out, "width of the bag's vector", config::at_least(1));
  f("gated", p.gated, "abmil: gated attention");
  f("dropout", p.dropout, "rate behind each layer", config::from_below(0, 1));
}

struct Genes {
  Omics encoder = Omics::none;
  std::string input = "genomics";
  std::vector<int64_t> widths{256, 256, 256, 256};
  int64_t token_hidden = 1024;
  double dropout = 0.25;
};
void fields(config::Fields& f, Genes& g) {
  f("encoder", g.encoder,
    "how the vector is encoded; linear: a plain regression; transformer: tokens per gene group");
  f("input", g.input, "which vector of the cohort");
  f("widths", g.widths,
    "snn, mlp: output width of every block; transformer: the last one is the token's",
    config::at_least(1));
  f("token_hidden", g.token_hidden, "transformer: width between a group and its token",
    config::at_least(1));
  f("dropout", g.dropout, "rate behind each block", config::from_below(0, 1));
  f.require(!g.widths.empty(), "widths", "must not be empty");
}

struct Config {
  Pathology pathology;
  Genes omics;
  Fuse fusion = Fuse::none;
  Head head = Head::nll;
  Start init = Start::torch;
  double alpha = 0, l1 = 0;
};
void fields(config::Fields& f, Config& c) {
  f.group("pathology", c.pathology, "bag of patches");
  f.group("omics", c.omics, "vector of genes or clinical values");
  f("fusion", c.fusion, "how the two vectors meet");
  f("head", c.head, "nll, ce: hazards of time bins; cox: one log-risk, compared within a window");
  f("init", c.init, "initial weights: as torch, Xavier-normal, or N(0, 1/sqrt(fan_in))");
  f("alpha", c.alpha, "nll, ce: extra weight of uncensored patients", config::between(0, 1));
  f("l1", c.l1, "weight of the sum of absolute weights, per optimizer step", config::at_least(0));
  const bool bag = c.pathology.encoder != Bag::none, genes = c.omics.encoder != Omics::none;
  f.require(bag || genes, "omics", "and 'pathology' have no encoder: the recipe would see nothing");
  f.require((bag && genes) == (c.fusion != Fuse::none), "fusion",
            "must be set for two modalities, and none for one");
  f.require(!bag || !genes || c.pathology.encoder == Bag::abmil ||
                c.pathology.pool_at == PoolAt::features,
            "pathology", "needs pool_at: features where modalities are fused");
}

struct NetImpl : torch::nn::Module {
  NetImpl(const Config& c, const data::Schema& schema) : config(c) {
    const int64_t classes = c.head == Head::cox ? 1 : schema.bins();
    if (c.pathology.encoder != Bag::none)
      width = make_bag(schema.inputs.at("pathology").columns, classes);
    if (c.omics.encoder != Omics::none) {
      const int64_t genes = make_omics(schema.inputs.at(c.omics.input));
      width = c.fusion == Fuse::none ? genes : make_fusion(width, genes);
    }
    if (!pooled_logits())
      classifier = register_module("classifier", torch::nn::Linear(width, classes));
  }

  bool pooled_logits() const {
    return (config.pathology.encoder == Bag::mean || config.pathology.encoder == Bag::max) &&
           config.pathology.pool_at == PoolAt::logits;
  }

  int64_t make_bag(int64_t columns, int64_t classes) {
    const auto& p = config.pathology;
    if (p.encoder == Bag::abmil) {
      attention_net = register_module("attention_net", nn::AttentionNet(nn::AttentionNetOptions{
                                                           .in = columns,
                                                           .hidden = p.hidden,
                                                           .attention = p.attention,
                                                           .gated = p.gated,
                                                           .dropout = p.dropout,
                                                           .attention_dropout = p.dropout}));
      rho = register_module(
          "rho", nn::Mlp(nn::MlpOptions{.widths = {p.hidden, p.out}, .dropout = p.dropout}));
      return p.out;
    }
    std::vector<int64_t> widths{columns, p.hidden, pooled_logits() ? classes : p.out};
    head = register_module(
        "head", nn::Mlp(nn::MlpOptions{
                    .widths = widths, .dropout = p.dropout, .linear_end = pooled_logits()}));
    return widths.back();
  }

  int64_t make_omics(const data::Width& offered) {
    const auto& g = config.omics;
    if (g.encoder == Omics::linear) return offered.columns;
    if (g.encoder != Omics::transformer) {
      std::vector<int64_t> widths{offered.columns};
      widths.insert(widths.end(), g.widths.begin(), g.widths.end());
      const auto unit = g.encoder == Omics::snn ? nn::Unit::snn : nn::Unit::mlp;
      fc_omic = register_module("fc_omic", nn::Snn(nn::SnnOptions{widths, g.dropout, unit}));
      return g.widths.back();
    }
    if (offered.groups.empty())
      throw Error("recipe.omics.encoder", "transformer needs gene groups",
                  "data.inputs.<name>.select: signatures");
    genomics_fc = register_module("genomics_fc", torch::nn::ModuleList());
    for (const auto& [group, columns] : offered.groups) {
      const auto n = static_cast<int64_t>(columns.size());
      genomics_fc->push_back(
          nn::Snn(nn::SnnOptions{{n, g.token_hidden, g.widths.back()}, g.dropout, nn::Unit::snn}));
      groups.push_back(at::tensor(columns, at::kLong));
    }
    genomics_encoder = register_module(
        "genomics_encoder", nn::TokenEncoder(nn::TokenEncoderOptions{{.dim = g.widths.back()}}));
    return g.widths.back();
  }

  int64_t make_fusion(int64_t bag, int64_t genes) {
    const double dropout = config.pathology.dropout;
    if (config.fusion == Fuse::concat) {
      concat = register_module("mm", nn::Mlp(nn::MlpOptions{.widths = {bag + genes, 256, 256}}));
    } else if (config.fusion == Fuse::bilinear) {
      bilinear = register_module("mm", nn::BilinearFusion(nn::BilinearFusionOptions{
                                           .in1 = bag, .in2 = genes, .dropout = dropout}));
    } else {
      kronecker = register_module("mm", nn::KroneckerFusion(nn::KroneckerFusionOptions{
                                            .in = {bag, genes}, .dropout = dropout}));
    }
    return 256;
  }

  // One bag [N, D] -> [1, width]; weights of the patches [N] where there are any.
  at::Tensor encode_bag(const at::Tensor& bag, Tensors& out) {
    const auto& p = config.pathology;
    if (p.encoder == Bag::abmil) {
      const auto pooled = attention_net->forward(bag);
      out["attention.pathology"] = pooled.weights.squeeze(0);
      return rho->forward(pooled.pooled);
    }
    const auto rows = head->forward(bag);  // [N, K] or [N, out]
    return p.encoder == Bag::mean ? nn::mean_pool(rows) : nn::max_pool(rows);
  }

  at::Tensor encode_omics(const at::Tensor& x) {  // [B, D] -> [B, width]
    if (config.omics.encoder == Omics::linear) return x;
    if (config.omics.encoder != Omics::transformer) return fc_omic->forward(x);
    std::vector<at::Tensor> tokens;
    for (size_t g = 0; g < groups.size(); ++g) {
      tokens.push_back(
          genomics_fc[g]->as<nn::SnnImpl>()->forward(x.index_select(1, groups[g].to(x.device()))));
    }
    return genomics_encoder->forward(at::stack(tokens, 1)).token;
  }

  Tensors forward(const data::Batch& batch) {
    Tensors out;
    at::Tensor bag, genes, fused;
    if (config.pathology.encoder != Bag::none) bag = encode_bag(batch.bag("pathology"), out);
    if (config.omics.encoder != Omics::none)
      genes = encode_omics(batch.inputs.at(config.omics.input));
    switch (config.fusion) {
      case Fuse::none:
        fused = bag.defined() ? bag : genes;
        break;
      case Fuse::concat:
        fused = concat->forward(at::cat({bag, genes}, 1));
        break;
      case Fuse::bilinear:
        fused = bilinear->forward(bag, genes);
        break;
      case Fuse::kronecker:
        fused = kronecker->forward({bag, genes});
        break;
    }
    const auto logits = pooled_logits() ? fused : classifier->forward(fused);  // [B, K] or [B, 1]
    out["logits"] = logits;
    if (config.head == Head::cox) out["risk"] = logits.squeeze(1);
    return out;
  }

  Config config;
  int64_t width = 0;
  nn::AttentionNet attention_net{nullptr};
  nn::Mlp rho{nullptr}, head{nullptr}, concat{nullptr};
  nn::Snn fc_omic{nullptr};
  torch::nn::ModuleList genomics_fc{nullptr};
  nn::TokenEncoder genomics_encoder{nullptr};
  nn::BilinearFusion bilinear{nullptr};
  nn::KroneckerFusion kronecker{nullptr};
  torch::nn::Linear classifier{nullptr};
  std::vector<at::Tensor> groups;  // columns of each gene group
};
TORCH_MODULE(Net);

class FusionRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) {
    recipe::Contract contract;
    if (c.pathology.encoder != Bag::none) contract.inputs.push_back({"pathology", data::Kind::bag});
    if (c.omics.encoder != Omics::none)
      contract.inputs.push_back({c.omics.input, data::Kind::vector});
    contract.targets = c.head == Head::cox ? std::vector<std::string>{"time", "event"}
                                           : std::vector<std::string>{"bin", "event"};
    // The pseudo-inverse of the token encoder is scaled over its whole batch: one patient at a time
    // keeps patients apart.
    const bool alone = c.pathology.encoder != Bag::none || c.omics.encoder == Omics::transformer;
    contract.max_batch = alone ? 1 : 4096;
    contract.min_window = c.head == Head::cox ? 2 : 1;
    return contract;
  }
  FusionRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(config, schema) {
    constexpr nn::Init kSchemes[] = {nn::Init::torch_default, nn::Init::xavier_normal,
                                     nn::Init::max_weights};
    nn::initialise(*net_, kSchemes[static_cast<int>(config.init)]);
  }
  torch::nn::Module& module() override { return *net_; }
  Tensors forward(const data::Batch& batch) override { return net_->forward(batch); }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    recipe::Terms terms;
    if (config_.head != Head::cox) {
      const auto& bin = batch.targets.at("bin");
      const auto& event = batch.targets.at("event");
      const auto& logits = out.at("logits");
      const bool nll = config_.head == Head::nll;
      terms.push_back(
          {nll ? "nll" : "ce", nll ? losses::nll_survival(logits, bin, event, config_.alpha)
                                   : losses::ce_survival(logits, bin, event, config_.alpha)});
    }
    if (config_.l1 > 0) terms.push_back({"l1", nn::l1_norm(*net_), config_.l1});
    return terms;
  }
  std::vector<std::string> coupled() const override {
    return config_.head == Head::cox ? std::vector<std::string>{"risk"}
                                     : std::vector<std::string>{};
  }
  recipe::Terms window_loss(const Tensors& rows, const data::Batch& window) override {
    return {{"cox",
             losses::cox(rows.at("risk"), window.targets.at("time"), window.targets.at("event"))}};
  }
  Tensors predict(const data::Batch& batch) override {
    Tensors out = net_->forward(batch);
    if (config_.head == Head::cox) return out;
    out["survival"] = losses::curve(out.at("logits").to(at::kDouble)).survival;
    out["risk"] = losses::risk_of(out.at("survival"));
    return out;
  }

 private:
  Config config_;
  Net net_;
};

}  // namespace tractrix::recipes::fusion

TRACTRIX_RECIPE(
    fusion,
    "survival from a bag, a vector or both: SNN, SNNTrans, MLP, ABMIL, MeanMIL, MaxMIL, Cox",
    tractrix::recipes::fusion::FusionRecipe, tractrix::recipes::fusion::Config)
