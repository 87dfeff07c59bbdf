// SNN of MCAT and PORPOISE (models/model_genomic.py).
#include "support/golden_classes.hpp"
#include "support/golden_outputs.hpp"
#include "tractrix/nn/init.hpp"
#include "tractrix/nn/snn_block.hpp"

namespace tractrix::test {
namespace {

struct SnnModel : torch::nn::Module {
  explicit SnnModel(const Json& config) {
    const int64_t in =
        config.value(config.contains("input_dim") ? "input_dim" : "omic_input_dim", int64_t{0});
    const bool big = config.value("model_size_omic", "small") == "big";
    const std::vector<int64_t> widths = big ? std::vector<int64_t>{in, 1024, 1024, 1024, 256}
                                            : std::vector<int64_t>{in, 256, 256, 256, 256};
    fc_omic = register_module("fc_omic", nn::Snn(nn::SnnOptions{.widths = widths}));
    classifier = register_module("classifier",
                                 torch::nn::Linear(256, config.value("n_classes", int64_t{4})));
    eval();
  }
  at::Tensor forward(const at::Tensor& x) { return classifier->forward(fc_omic->forward(x)); }
  nn::Snn fc_omic{nullptr};
  torch::nn::Linear classifier{nullptr};
};

Tensors run_mcat(Golden& golden) {
  SnnModel model(golden.config());
  golden.load(model);
  Tensors out = survival_outputs(golden, model.forward(golden.input("x_omic").unsqueeze(0)));
  if (golden.stored().has("out/l1")) out["l1"] = nn::l1_norm(model).reshape({1});
  return out;
}

Tensors run_porpoise(Golden& golden) {
  SnnModel model(golden.config());
  golden.load(model);
  return {{"logits", model.forward(golden.input("x_omic"))}};
}

const bool kMcat = knows_class("SNN", run_mcat);
const bool kPorpoise = knows_class("mahmoodlab/PORPOISE|SNN", run_porpoise);

}  // namespace
}  // namespace tractrix::test
