// Attention pooling and fusion layers inside the models that use them: AMIL (MCAT) and PorpoiseAMIL
// (PORPOISE), and BilinearFusion (CMTA) on its own.
#include "support/golden_classes.hpp"
#include "support/golden_outputs.hpp"
#include "tractrix/nn/attention_net.hpp"
#include "tractrix/nn/bilinear_fusion.hpp"
#include "tractrix/nn/snn_block.hpp"

namespace tractrix::test {
namespace {

std::string text_of(const Json& config, const std::string& key, const std::string& otherwise) {
  if (!config.contains(key)) return otherwise;
  return config[key].is_null() ? "" : config[key].get<std::string>();
}

nn::BilinearFusionOptions bilinear_options(const Json& config) {
  nn::BilinearFusionOptions options;
  options.in1 = config.value("dim1", options.in1);
  options.in2 = config.value("dim2", options.in2);
  options.scale1 = config.value("scale_dim1", options.scale1);
  options.scale2 = config.value("scale_dim2", options.scale2);
  options.out = config.value("mmhid", options.out);
  options.gate1 = config.value("gate1", 1) != 0;
  options.gate2 = config.value("gate2", 1) != 0;
  options.skip = config.value("skip", 0) != 0;
  return options;
}

Tensors run_bilinear(Golden& golden) {
  nn::BilinearFusion layer(bilinear_options(golden.config()));
  layer->eval();
  golden.load(*layer);
  return {{"y", layer->forward(golden.input("vec1"), golden.input("vec2"))}};
}

// Attention trunk, rho, genomics, fusion, classifier under the names of the two repositories.
struct AttentionModel : torch::nn::Module {
  struct Options {
    nn::AttentionNetOptions net;
    int64_t rho = 256;   // 0: none
    int64_t omics = 0;   // 0: none
    std::string fusion;  // "", concat, bilinear
    int64_t classes = 4;
  };

  explicit AttentionModel(const Options& o) {
    attention_net = register_module("attention_net", nn::AttentionNet(o.net));
    if (o.rho)
      rho = register_module(
          "rho", nn::Mlp(nn::MlpOptions{{o.net.hidden, o.rho}, nn::Activation::relu, 0.25}));
    if (o.omics) fc_omic = register_module("fc_omic", nn::Snn(nn::SnnOptions{{o.omics, 256, 256}}));
    if (o.fusion == "concat")
      concat = register_module("mm", nn::Mlp(nn::MlpOptions{{512, 256, 256}}));
    if (o.fusion == "bilinear")
      bilinear = register_module("mm", nn::BilinearFusion(nn::BilinearFusionOptions{}));
    classifier =
        register_module("classifier", torch::nn::Linear(o.rho ? o.rho : o.net.hidden, o.classes));
    eval();
  }

  at::Tensor forward(const at::Tensor& bag, const at::Tensor& omics) {
    net = attention_net->forward(bag);
    at::Tensor h = rho ? rho->forward(net.pooled) : net.pooled;
    if (concat) h = concat->forward(at::cat({h, fc_omic->forward(omics)}, 1));
    if (bilinear) h = bilinear->forward(h, fc_omic->forward(omics));
    return classifier->forward(h);
  }

  nn::AttentionNetOutput net;
  nn::AttentionNet attention_net{nullptr};
  nn::Mlp rho{nullptr}, concat{nullptr};
  nn::Snn fc_omic{nullptr};
  nn::BilinearFusion bilinear{nullptr};
  torch::nn::Linear classifier{nullptr};
};

int64_t omics_of(const Json& config) {
  return config.contains("omic_input_dim") && !config["omic_input_dim"].is_null()
             ? config["omic_input_dim"].get<int64_t>()
             : 0;
}

Tensors run_amil(Golden& golden) {
  const Json& config = golden.config();
  const bool big = config.value("size_arg", "small") == "big";
  AttentionModel::Options options;
  options.net.attention = options.rho = big ? 384 : 256;
  options.omics = omics_of(config);
  options.fusion = text_of(config, "fusion", "");
  options.classes = config.at("n_classes");
  AttentionModel model(options);
  golden.load(model);
  const at::Tensor omics = options.omics ? golden.input("x_omic").unsqueeze(0) : at::Tensor();
  return survival_outputs(golden, model.forward(golden.input("x_path"), omics));
}

Tensors run_porpoise_amil(Golden& golden) {
  AttentionModel::Options options;
  options.net.attention = golden.config().value("size_arg", "small") == "big" ? 384 : 256;
  options.rho = 0;
  options.classes = golden.config().at("n_classes");
  AttentionModel model(options);
  golden.load(model);
  const at::Tensor logits = model.forward(golden.input("x_path"), {});
  return {{"logits", logits}, {"features", model.net.pooled}, {"A_raw", model.net.scores}};
}

const bool kKnown[] = {knows_class("BilinearFusion", run_bilinear),
                       knows_class("MIL_Attention_FC_surv", run_amil),
                       knows_class("PorpoiseAMIL", run_porpoise_amil)};

}  // namespace
}  // namespace tractrix::test
