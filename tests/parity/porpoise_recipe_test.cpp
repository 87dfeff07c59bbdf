// The recipe `porpoise`, configured by YAML, against the published network: golden cases with all
// gradients, and numbers on weights filled by position.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/golden_classes.hpp"
#include "support/recipe_cases.hpp"

namespace tractrix::test {
namespace porpoise_cases {

const char* truth(bool value) { return value ? "true" : "false"; }

std::string yaml_of(const Json& config) {
  std::string fusion = config.value("fusion", "bilinear");
  if (fusion == "lrb") fusion = "low_rank";
  const char* unit = config.value("use_mlp", false) ? "mlp" : "snn";
  return "fusion: " + fusion + "\nomics: {unit: " + unit + "}" +
         "\ngate_path: " + truth(config.value("gate_path", 1) != 0) +
         "\ngate_omic: " + truth(config.value("gate_omic", 1) != 0) +
         "\nskip: " + truth(config.value("skip", true)) +
         "\ninput_dropout: " + std::to_string(config.value("dropinput", 0.1)) +
         "\nalpha: " + config.at("loss").at("nll_alpha").dump();
}

Tensors run_porpoise_mmf(Golden& golden) {
  const Json& config = golden.config();
  const auto model =
      make_recipe("porpoise", yaml_of(config),
                  schema_of(config.value("path_input_dim", 1024), config.at("omic_input_dim"), 4));
  golden.load(model->module());
  const auto batch =
      batch_of(golden.input("x_path"), golden.input("x_omic"), golden.value("in/Y").item<int64_t>(),
               1 - golden.value("in/c").item<double>());
  const Tensors made = model->forward(batch);
  return {{"logits", made.at("logits")},
          {"loss", model->loss(made, batch).at(0).value.reshape({1})}};
}

const bool kPorpoise = knows_class("PorpoiseMMF", run_porpoise_mmf);

// ---- numbers of the reference model on weights filled by position

struct Row {
  const char* yaml;
  int64_t patches, parameters;
  std::array<double, 4> logits;
  double risk, loss, gradient_norm;  // bin 2 with event
};

const Row kRows[] = {
    {"skip: true",
     10,
     1527749,
     {0.037091915232, -0.132985664948, 0.098636073456, 0.117939107363},
     -0.935290835242,
     1.98577325952,
     2.88849361448},
    {"skip: true",
     300,
     1527749,
     {0.0382705505586, -0.139247403539, 0.108528653579, 0.10699618207},
     -0.935414797259,
     1.97876521749,
     2.70146062804},
    {"skip: false\ngate_path: false\ngate_omic: false",
     10,
     1396677,
     {-0.000967264106194, -0.0927705868177, 0.0597652424662, 0.0942561133941},
     -0.949389249565,
     2.00421194319,
     1.0820279081},
    {"fusion: concat",
     300,
     1197573,
     {0.0343322419904, 0.0490221790823, 0.100172234184, -0.122400665463},
     -0.905354045924,
     2.07273411791,
     1.61506782479},
};

void near(double have, double want, const char* what) {
  EXPECT_NEAR(have, want, 1e-12 + 1e-10 * std::abs(want)) << what;
}

data::Batch filled_batch(int64_t patches) {
  return batch_of(6 * stream(1000, {patches, 1024}) - 3, genes_of_groups(), 2, 1);
}

TEST(PorpoiseRecipe, GivesTheReferenceModelsNumbers) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.yaml) + ", " + std::to_string(row.patches) + " patches");
    const auto model = make_recipe("porpoise", row.yaml, schema_of(1024, 56, 4));
    fill_by_position(model->module());
    int64_t parameters = 0;
    for (const auto& p : model->module().parameters()) parameters += p.numel();
    EXPECT_EQ(parameters, row.parameters);
    const data::Batch batch = filled_batch(row.patches);
    const Tensors out = model->predict(batch);
    for (int64_t k = 0; k < 4; ++k)
      near(out.at("logits")[0][k].item<double>(), row.logits[static_cast<size_t>(k)], "logit");
    near(out.at("risk")[0].item<double>(), row.risk, "risk");
    const at::Tensor loss = model->loss(model->forward(batch), batch).at(0).value;
    near(loss.item<double>(), row.loss, "loss");
    near(gradient_norm(*model, loss), row.gradient_norm, "gradient norm");
  }
}

// L1 counts the genes' blocks and the fusion only.
TEST(PorpoiseRecipe, PenalisesGenesAndFusion) {
  const auto model = make_recipe("porpoise", "l1: 0.25", schema_of(1024, 56, 4));
  fill_by_position(model->module());
  const data::Batch batch = filled_batch(3);
  const auto terms = model->loss(model->forward(batch), batch);
  ASSERT_EQ(terms.size(), 2u);
  double sum = 0;
  for (const auto& item : model->module().named_parameters())
    if (item.key().starts_with("fc_omic.") || item.key().starts_with("mm."))
      sum += item.value().abs().sum().item<double>();
  EXPECT_NEAR(terms[1].value.item<double>(), sum, 1e-9 * sum);
  EXPECT_EQ(terms[1].weight, 0.25);
}

}  // namespace porpoise_cases
}  // namespace tractrix::test
