// TransMIL and CLAM (its own repository's form and MOTCat's survival form) against their code.
#include "support/golden_classes.hpp"
#include "support/golden_outputs.hpp"
#include "tractrix/nn/fusion_net.hpp"

namespace tractrix::test {
namespace clam_transmil_cases {

// Takes several bags of one size, which the fusion network does not.
struct TransMilModel : torch::nn::Module {
  TransMilModel(const nn::TokenEncoderOptions& options, int64_t classes) {
    trunk = nn::TokenEncoder(options);
    trunk->spread_into(*this);
    head = register_module("_fc2", torch::nn::Linear(options.layer.dim, classes));
    eval();
  }
  nn::TokenEncoder trunk{nullptr};
  torch::nn::Linear head{nullptr};
};

Tensors run_transmil(Golden& golden) {
  const Json& config = golden.config();
  nn::TokenEncoderOptions options;
  options.layer.dim = 512;
  options.layer.slice =
      config.at("nystrom_attention") == "0.0.9" ? nn::Slice::head : nn::Slice::tail;
  options.grid = true;
  options.in = 1024;
  TransMilModel model(options, config.at("n_classes"));
  golden.load(model);
  const at::Tensor logits = model.head->forward(model.trunk->forward(golden.input("data")).token);
  return {{"logits", logits}, {"Y_prob", logits.softmax(1)}, {"Y_hat", logits.argmax(1)}};
}

nn::FusionNetOptions clam_options(const Golden& golden, bool survival) {
  const Json& config = golden.config();
  nn::FusionNetOptions options;
  options.bag =
      golden.source_class() == "CLAM_MB" ? nn::BagEncoder::clam_mb : nn::BagEncoder::clam_sb;
  options.bag_columns = config.value("embed_dim", int64_t{1024});
  options.hidden = survival ? 256 : 512;
  options.attention = config.at("size_arg") == "big" ? 384 : 256;
  options.gated = config.at("gate");
  const Json& dropout = config.at("dropout");
  options.bag_dropout = dropout.is_boolean() ? 0.25 * dropout.get<bool>() : dropout.get<double>();
  options.instances = config.at("k_sample");
  options.subtyping = config.at("subtyping");
  options.classes = config.at("n_classes");
  return options;
}

void add_instances(Golden& golden, nn::FusionNet& net, const nn::FusionOutput& made, bool survival,
                   Tensors& out) {
  const auto seen = net->judge_instances(made, golden.value("in/label").item<int64_t>());
  out["instance_loss"] = seen.loss.reshape({1});
  out["top_ids"] = seen.top;
  out["bottom_ids"] = seen.bottom;
  if (survival) return;
  out["inst_preds"] = seen.predictions;
  out["inst_labels"] = seen.labels;
  const double weight = golden.config().at("bag_weight");
  out["loss"] = weight * out.at("bag_loss") + (1 - weight) * out.at("instance_loss");
}

Tensors run_clam(Golden& golden) {
  const bool survival = golden.repository() == "Innse/MOTCat";
  nn::FusionNet net(clam_options(golden, survival));
  net->eval();
  golden.load(*net);
  const at::Tensor bag = golden.input("h");
  const nn::FusionOutput made = net->forward(bag, {});
  Tensors out;
  if (survival) {
    const losses::Curve curve = losses::curve(made.logits);
    out = {{"hazards", curve.hazards}, {"S", curve.survival}};
  } else {
    const auto pooled =
        net->named_children()["attention_net"]->as<nn::AttentionNetImpl>()->forward(bag);
    out = {{"logits", made.logits},
           {"Y_prob", made.logits.softmax(1)},
           {"Y_hat", made.logits.argmax(1, true)},
           {"A_raw", pooled.scores},
           {"features", pooled.pooled}};
    out["bag_loss"] = at::cross_entropy_loss(made.logits, golden.value("in/label")).reshape({1});
  }
  if (golden.config().at("instance_eval")) add_instances(golden, net, made, survival, out);
  return out;
}

const bool kKnown[] = {knows_class("TransMIL", run_transmil), knows_class("CLAM_SB", run_clam),
                       knows_class("CLAM_MB", run_clam)};

}  // namespace clam_transmil_cases
}  // namespace tractrix::test
