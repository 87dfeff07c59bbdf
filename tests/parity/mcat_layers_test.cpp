// Co-attention, transformer encoder, gated pooling and bilinear fusion put together as MCAT
// (models/model_coattn.py).
#include <torch/nn/modules/container/modulelist.h>

#include "support/golden_classes.hpp"
#include "support/golden_outputs.hpp"
#include "tractrix/nn/bilinear_fusion.hpp"
#include "tractrix/nn/gated_attention.hpp"
#include "tractrix/nn/pooling.hpp"
#include "tractrix/nn/snn_block.hpp"
#include "tractrix/nn/transformer_encoder.hpp"

namespace tractrix::test {
namespace {

struct McatModel : torch::nn::Module {
  McatModel(const std::vector<int64_t>& sizes, const std::string& fusion, int64_t classes) {
    wsi_net = register_module("wsi_net",
                              nn::Mlp(nn::MlpOptions{{1024, 256}, nn::Activation::relu, 0.25}));
    torch::nn::ModuleList list;
    for (const int64_t size : sizes) {
      sig_networks.emplace_back(nn::SnnOptions{{size, 256, 256}});
      list->push_back(sig_networks.back());
    }
    register_module("sig_networks", list);
    coattn =
        register_module("coattn", nn::MultiheadAttention(nn::MultiheadAttentionOptions{256, 1}));
    path = make_branch("path");
    omic = make_branch("omic");
    if (fusion == "bilinear") {
      bilinear = register_module("mm", nn::BilinearFusion(nn::BilinearFusionOptions{}));
    } else {
      concat = register_module("mm", nn::Mlp(nn::MlpOptions{{512, 256, 256}}));
    }
    classifier = register_module("classifier", torch::nn::Linear(256, classes));
    eval();
  }

  struct Branch {
    nn::TransformerEncoder transformer{nullptr};
    nn::GatedAttention head{nullptr};
    nn::Mlp rho{nullptr};
  };
  Branch make_branch(const std::string& name) {
    const nn::GatedAttentionOptions pool{256, 256, 1, true, 0.25};
    Branch branch;
    branch.transformer = register_module(name + "_transformer",
                                         nn::TransformerEncoder(nn::TransformerEncoderOptions{}));
    branch.head = register_module(name + "_attention_head", nn::GatedAttention(pool));
    branch.rho = register_module(name + "_rho",
                                 nn::Mlp(nn::MlpOptions{{256, 256}, nn::Activation::relu, 0.25}));
    return branch;
  }

  Tensors forward(Golden& golden) {
    std::vector<at::Tensor> groups;
    for (size_t g = 0; g < sig_networks.size(); ++g)
      groups.push_back(sig_networks[g]->forward(golden.input("x_omic" + std::to_string(g + 1))));
    const at::Tensor genes = at::stack(groups).unsqueeze(1);                       // [6, 1, 256]
    const at::Tensor bag = wsi_net->forward(golden.input("x_path")).unsqueeze(1);  // [M, 1, 256]
    const auto [attended, raw] = coattn->forward(genes, bag, bag);
    Tensors out{{"coattn", raw}};
    const at::Tensor h_path = run(path, attended, out["path"]),
                     h_omic = run(omic, genes, out["omic"]);
    const at::Tensor h = bilinear ? bilinear->forward(h_path, h_omic)
                                  : concat->forward(at::cat({h_path, h_omic}, 1));
    out["logits"] = classifier->forward(h);
    return out;
  }

  static at::Tensor run(Branch& branch, const at::Tensor& tokens, at::Tensor& scores) {
    const at::Tensor rows = branch.transformer->forward(tokens).squeeze(1);  // [6, 256]
    scores = branch.head->forward(rows);
    const at::Tensor pooled = nn::attention_pool(rows, scores).pooled;
    scores = scores.t();
    return branch.rho->forward(pooled);
  }

  nn::Mlp wsi_net{nullptr}, concat{nullptr};
  std::vector<nn::Snn> sig_networks;
  nn::MultiheadAttention coattn{nullptr};
  Branch path, omic;
  nn::BilinearFusion bilinear{nullptr};
  torch::nn::Linear classifier{nullptr};
};

Tensors run_mcat(Golden& golden) {
  const Json& config = golden.config();
  McatModel model(config.at("omic_sizes"), config.at("fusion"),
                  config.value("n_classes", int64_t{4}));
  golden.load(model);
  const Tensors made = model.forward(golden);
  Tensors out = survival_outputs(golden, made.at("logits"));
  for (const char* name : {"coattn", "path", "omic"}) out[name] = made.at(name);
  out["Y_hat"] = made.at("logits").argmax(1, true);
  return out;
}

const bool kMcat = knows_class("MCAT_Surv", run_mcat);

}  // namespace
}  // namespace tractrix::test
