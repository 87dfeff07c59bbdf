// The generic survival recipe: one bag encoder, one vector encoder, one fusion, one head. SNN, MLP,
// ABMIL, MeanMIL, MaxMIL, CLAM, TransMIL, SNNTrans and the clinical Cox row are YAML files over it;
// nn/fusion_net.hpp names the reference files.
#include <ATen/ATen.h>

#include "fusion_labels.hpp"
#include "tractrix/losses/cox.hpp"
#include "tractrix/losses/discrete_survival.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::recipes::fusion {

enum class Head { nll, ce, cox };

using nn::Names;

const Names<Head>& names(Head) {
  static const Names<Head> all{{"nll", Head::nll}, {"ce", Head::ce}, {"cox", Head::cox}};
  return all;
}

struct Instances {
  double weight = 0;
  int64_t samples = 8;
  bool subtyping = true;
};
void fields(config::Fields& f, Instances& i) {
  f("weight", i.weight, "of the instance loss, 1 - weight of the bag's (CLAM: 0.3); 0: off",
    config::from_below(0, 1));
  f("samples", i.samples, "patches with the highest and lowest attention", config::at_least(1));
  f("subtyping", i.subtyping, "highest patches are negatives of the other classes");
}

struct Pathology {
  nn::BagEncoder encoder = nn::BagEncoder::none;
  nn::PoolAt pool_at = nn::PoolAt::logits;
  int64_t hidden = 512, attention = 256, out = 256;
  bool gated = true;
  double dropout = 0.25, token_deviation = 1e-6;
  nn::Slice slice = nn::Slice::tail;
  Instances instances;
};
void fields(config::Fields& f, Pathology& p) {
  f("encoder", p.encoder, "how the patches of a bag become one vector");
  f("pool_at", p.pool_at,
    "mean and max: pool each patch's logits (MambaMIL) or its features; fusion needs features");
  f("hidden", p.hidden, "width of a patch behind the first layer", config::at_least(1));
  f("attention", p.attention, "abmil, clam: width of the attention layer (abmil_lab: 128)",
    config::at_least(1));
  f("out", p.out, "width of the bag's vector (abmil_lab, clam, transmil: always hidden)",
    config::at_least(1));
  f("gated", p.gated, "abmil, clam: gated attention");
  f("dropout", p.dropout, "rate behind each layer", config::from_below(0, 1));
  f("token_deviation", p.token_deviation, "transmil: of the class token's initial values",
    config::at_least(0));
  f("slice", p.slice, "transmil: rows an attention layer keeps; head: the first, as package 0.0.9");
  f.group("instances", p.instances, "clam: instance loss; the label is the time bin");
}

struct Genes {
  nn::VectorEncoder encoder = nn::VectorEncoder::none;
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
  nn::Fusion fusion = nn::Fusion::none;
  Head head = Head::nll;
  nn::Init init = nn::Init::torch_default;
  nn::Form form = nn::Form::exact;
  double alpha = 0, l1 = 0;
  bool has_bag() const { return pathology.encoder != nn::BagEncoder::none; }
  bool judges() const { return pathology.instances.weight > 0; }
  bool has_vector() const { return omics.encoder != nn::VectorEncoder::none; }
};
void fields(config::Fields& f, Config& c) {
  f.group("pathology", c.pathology, "bag of patches");
  f.group("omics", c.omics, "vector of genes or clinical values");
  f("fusion", c.fusion, "how the two vectors meet");
  f("head", c.head, "nll, ce: hazards of time bins; cox: one log-risk, compared within a window");
  f("init", c.init, "initial weights: as torch, Xavier-normal, or N(0, 1/sqrt(fan_in))");
  f("form", c.form,
    "transmil and transformer: fewer operations (equal up to rounding without dropout) or as "
    "published");
  f("alpha", c.alpha, "nll, ce: extra weight of uncensored patients", config::between(0, 1));
  f("l1", c.l1, "weight of the sum of absolute weights, per optimizer step", config::at_least(0));
  const bool bag = c.has_bag(), both = bag && c.has_vector();
  f.require(bag || c.has_vector(), "omics", "and 'pathology' have no encoder: nothing to see");
  f.require(both == (c.fusion != nn::Fusion::none), "fusion",
            "must be set for two modalities, and none for one");
  const bool clam = c.pathology.encoder == nn::BagEncoder::clam_sb ||
                    c.pathology.encoder == nn::BagEncoder::clam_mb;
  f.require(clam || c.judges() == false, "pathology", "has instances, which need a CLAM encoder");
  f.require(!both || c.pathology.encoder != nn::BagEncoder::clam_mb, "pathology",
            "encoder clam_mb has a vector per class and cannot be fused");
  f.require(!c.judges() || c.head != Head::cox, "head", "cox has no bins for the instance loss");
  const bool pools_features =
      (c.pathology.encoder != nn::BagEncoder::mean && c.pathology.encoder != nn::BagEncoder::max) ||
      c.pathology.pool_at == nn::PoolAt::features;
  f.require(!both || pools_features, "pathology", "needs pool_at: features to be fused");
}

nn::FusionNetOptions options_of(const Config& c, const data::Schema& schema) {
  nn::FusionNetOptions o;
  o.classes = c.head == Head::cox ? 1 : schema.bins();
  o.fusion = c.fusion;
  o.bag = c.pathology.encoder;
  o.pool_at = c.pathology.pool_at;
  o.hidden = c.pathology.hidden;
  o.attention = c.pathology.attention;
  o.bag_out = c.pathology.out;
  o.gated = c.pathology.gated;
  o.bag_dropout = c.pathology.dropout;
  o.slice = c.pathology.slice;
  o.form = c.form;
  o.token_deviation = c.pathology.token_deviation;
  o.instances = c.pathology.instances.samples;
  o.subtyping = c.pathology.instances.subtyping;
  if (c.has_bag()) o.bag_columns = schema.inputs.at("pathology").columns;
  o.vector = c.omics.encoder;
  o.widths = c.omics.widths;
  o.token_hidden = c.omics.token_hidden;
  o.vector_dropout = c.omics.dropout;
  if (!c.has_vector()) return o;
  const auto& offered = schema.inputs.at(c.omics.input);
  o.vector_columns = offered.columns;
  for (const auto& [group, columns] : offered.groups) o.groups.push_back(columns);
  if (o.vector == nn::VectorEncoder::transformer && o.groups.empty()) {
    throw Error("recipe.omics.encoder",
                "transformer makes a token of each gene group, the input has none",
                "data.inputs." + c.omics.input + ".select: signatures");
  }
  return o;
}

class FusionRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) {
    recipe::Contract contract;
    if (c.has_bag()) contract.inputs.push_back({"pathology", data::Kind::bag});
    if (c.has_vector()) contract.inputs.push_back({c.omics.input, data::Kind::vector});
    contract.targets = {c.head == Head::cox ? "time" : "bin", "event"};
    // The token encoder scales its pseudo-inverse over the whole batch: one patient at a time keeps
    // patients apart.
    const bool alone = c.has_bag() || c.omics.encoder == nn::VectorEncoder::transformer;
    contract.max_batch = alone ? 1 : 4096;
    contract.min_window = c.head == Head::cox ? 2 : 1;
    return contract;
  }
  FusionRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(options_of(config, schema)) {
    nn::initialise(*net_, config.init);
  }
  torch::nn::Module& module() override { return *net_; }

  Tensors forward(const data::Batch& batch) override { return forward(batch, false); }

  Tensors forward(const data::Batch& batch, bool show_attention) {
    const auto bag = config_.has_bag() ? batch.bag("pathology") : at::Tensor();
    const auto vector = config_.has_vector() ? batch.inputs.at(config_.omics.input) : at::Tensor();
    auto result = net_->forward(bag, vector, show_attention);
    Tensors out{{"logits", result.logits}};
    if (result.attention.defined()) out["attention.pathology"] = result.attention;
    if (config_.judges()) out["patches"] = result.rows;
    if (config_.head == Head::cox) out["risk"] = result.logits.squeeze(1);
    return out;
  }

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
      if (config_.judges()) {
        const double weight = config_.pathology.instances.weight;
        terms.back().weight = 1 - weight;
        terms.push_back({"instances", instance_loss(out, bin), weight});
      }
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
    Tensors out = forward(batch, true);
    out.erase("patches");
    if (config_.head == Head::cox) return out;
    out["survival"] = losses::curve(out.at("logits").to(at::kDouble)).survival;
    out["risk"] = losses::risk_of(out.at("survival"));
    return out;
  }

 private:
  at::Tensor instance_loss(const Tensors& out, const at::Tensor& bin) {
    const nn::FusionOutput seen{{}, out.at("attention.pathology"), out.at("patches")};
    return net_->judge_instances(seen, bin.item<int64_t>()).loss;
  }

  Config config_;
  nn::FusionNet net_;
};

}  // namespace tractrix::recipes::fusion

TRACTRIX_RECIPE(fusion,
                "survival from a bag, a vector or both: SNN, SNNTrans, MLP, ABMIL, CLAM, TransMIL, "
                "MeanMIL, MaxMIL, Cox",
                tractrix::recipes::fusion::FusionRecipe, tractrix::recipes::fusion::Config)
