// The recipe `fusion`, configured by YAML as a user would, against the published models it stands
// for: the golden cases of MCAT with all gradients, and a table of numbers computed with the
// reference code of MCAT and MambaMIL (and of the reconstructed SNNTrans) on weights filled by
// position.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/golden.hpp"
#include "support/paths.hpp"
#include "support/recipe_cases.hpp"

namespace tractrix::test {
namespace {

// ---- golden cases -------------------------------------------------------------------------------

std::string yaml_of(const Golden& golden) {
  const Json& config = golden.config();
  const std::string alpha = "\nalpha: " + config.at("loss").at("nll_alpha").dump();
  if (golden.source_class() == "SNN") {
    const bool big = config.at("model_size_omic") == "big";
    return "omics: {encoder: snn, widths: " +
           std::string(big ? "[1024, 1024, 1024, 256]" : "[256, 256, 256, 256]") + "}\nl1: 1" +
           alpha;
  }
  const std::string width = config.at("size_arg") == "big" ? "384" : "256";
  std::string yaml =
      "pathology: {encoder: abmil, attention: " + width + ", out: " + width + "}" + alpha;
  if (!config.at("fusion").is_null())
    yaml += "\nomics: {encoder: snn, widths: [256, 256]}\nfusion: " +
            config.at("fusion").get<std::string>();
  return yaml;
}

Tensors run_fusion(Golden& golden, recipe::Recipe& fusion) {
  at::Tensor bag, genes;
  if (golden.has("in/x_path")) bag = golden.input("x_path");
  if (golden.has("in/x_omic")) genes = golden.input("x_omic").unsqueeze(0);
  const data::Batch batch = batch_of(bag, genes, golden.value("in/Y").item<int64_t>(),
                                     1 - golden.value("in/c").item<double>());
  const Tensors made = fusion.forward(batch);
  const at::Tensor hazards = at::sigmoid(made.at("logits"));
  Tensors out{{"hazards", hazards}, {"S", (1 - hazards).cumprod(1)}};
  for (const auto& term : fusion.loss(made, batch))
    out[term.name == "nll" ? "loss" : term.name] = (term.value * term.weight).reshape({1});
  return out;
}

TEST(FusionRecipe, EqualsMcatsModelsWithAllGradients) {
  for (const char* name :
       {"snn_small", "snn_big", "amil_m10", "amil_m6_big", "amil_m1_concat", "amil_m13_bilinear"}) {
    Golden golden = Golden::read(std::filesystem::path(testing::goldens_folder()) / "cmta" /
                                 (std::string(name) + ".json"));
    const Json& config = golden.config();
    const char* genes = config.contains("input_dim") ? "input_dim" : "omic_input_dim";
    const int64_t columns = config.at(genes).is_null() ? 0 : config.at(genes).get<int64_t>();
    const auto fusion =
        make_recipe("fusion", yaml_of(golden), schema_of(1024, columns, config.at("n_classes")));
    golden.load(fusion->module());
    for (const auto& text : golden.check(run_fusion(golden, *fusion)))
      ADD_FAILURE() << name << ": " << text;
  }
}

// ---- numbers of the reference models on weights filled by position
// --------------------------------

struct Row {
  const char* name;
  const char* yaml;
  int64_t patches;  // 0: no bag
  std::array<double, 4> logits;
  double risk, nll_event, nll_censored,
      gradient_norm;  // bin 2 with event; bin 1 censored; of the first
};

const char* const kSnn = "omics: {encoder: snn}";
const char* const kSnnTrans = "omics: {encoder: transformer, widths: [256], token_hidden: 1024}";
const char* const kMean = "pathology: {encoder: mean}";
const char* const kMax = "pathology: {encoder: max}";
const char* const kAmil = "pathology: {encoder: abmil}";
const char* const kLab = "pathology: {encoder: abmil_lab, attention: 128, gated: false}";
const char* const kLabGated = "pathology: {encoder: abmil_lab, attention: 128}";
const char* const kConcat =
    "pathology: {encoder: abmil}\nomics: {encoder: snn, widths: [256, 256]}\nfusion: concat";
const char* const kBilinear =
    "pathology: {encoder: abmil}\nomics: {encoder: snn, widths: [256, 256]}\nfusion: bilinear";

const char* const kTransMil = "pathology: {encoder: transmil}";
const char* const kTransMilPublished = "pathology: {encoder: transmil}\nform: reference";
const char* const kTransMilHead = "pathology: {encoder: transmil, slice: head}";
const char* const kClamSb = "pathology: {encoder: clam_sb, hidden: 256}";
const char* const kClamMb = "pathology: {encoder: clam_mb, hidden: 256}";

const Row kRows[] = {
    {"SNN",
     kSnn,
     0,
     {0.0378378091674, -0.128985150291, -0.0153859165554, -0.0475956196704},
     -0.950480199916,
     2.04384757779,
     1.34297784844,
     3.22460303813},
    {"MeanMIL",
     kMean,
     10,
     {-0.184126031685, 0.0201387753522, 0.000564840766456, 0.382539403954},
     -1.00593770573,
     2.00144805506,
     1.308583255,
     10.1048283367},
    {"MeanMIL",
     kMean,
     300,
     {-0.249834935404, -0.00272149074246, -0.110848546334, 0.271087757303},
     -1.0563574097,
     2.01790564644,
     1.26779905339,
     7.85899379918},
    {"MaxMIL",
     kMax,
     10,
     {0.101332624545, 0.679109324221, 0.524142526048, 0.762303001488},
     -0.712693560461,
     2.29940267889,
     1.83437212917,
     24.8347482496},
    {"MaxMIL",
     kMax,
     300,
     {0.840608167151, 0.921089360066, 1.24642106215, 1.16621012611},
     -0.410946314695,
     2.708214851,
     2.45548763033,
     27.7409008127},
    {"AMIL",
     kAmil,
     300,
     {-0.0240458005419, -0.0938538149759, 0.059600388744, 0.16973942255},
     -0.958175535114,
     1.99230843641,
     1.32851749013,
     4.22787253669},
    {"ABMIL",
     kLab,
     10,
     {0.217291566498, -0.0250273629494, -0.292054658646, 0.176724593108},
     -0.85977894736,
     2.33819395722,
     1.48839513547,
     11.3368807689},
    {"ABMIL",
     kLab,
     300,
     {0.168797838909, 0.00549618995973, -0.427058819573, 0.207927188031},
     -0.886324734936,
     2.40630535193,
     1.47700252007,
     8.86202008009},
    {"gated ABMIL",
     kLabGated,
     10,
     {-0.146634376324, 0.12780652809, -0.438241878813, -0.211469899464},
     -1.02482054631,
     2.31769158854,
     1.38160616299,
     11.110567487},
    {"gated ABMIL",
     kLabGated,
     300,
     {-0.136293542872, 0.06710291105, -0.424490151521, -0.280639084884},
     -1.03696380938,
     2.28233112249,
     1.35458198596,
     8.53520469335},
    {"AMIL concat",
     kConcat,
     300,
     {0.0343322419904, 0.0490221790823, 0.100172234184, -0.122400665463},
     -0.905354045924,
     2.07273411791,
     1.42841926896,
     1.61506782479},
    {"AMIL bilinear",
     kBilinear,
     10,
     {-0.00120928152539, -0.0924294678189, 0.0598989291322, 0.094187455097},
     -0.949420285039,
     2.00418882431,
     1.34054269014,
     1.08065093276},
    {"SNNTrans",
     kSnnTrans,
     0,
     {-0.183200876678, 0.429766954525, -1.25117471348, 0.573372115816},
     -0.988285232946,
     3.0395211069,
     1.53667880151,
     40.0311202632},
    {"TransMIL",
     kTransMil,
     10,
     {0.352189751918, 0.111508909503, 0.535846183638, 0.628538824631},
     -0.704768999957,
     2.09581652152,
     1.63512239403,
     47.6043173203},
    {"TransMIL",
     kTransMil,
     300,
     {0.466039582426, -0.137966905755, 0.93239248959, -0.144893496677},
     -0.681009763616,
     1.91151322233,
     1.57961509312,
     42.9912507991},
    {"TransMIL, as published",
     kTransMilPublished,
     300,
     {0.466039582426, -0.137966905755, 0.93239248959, -0.144893496677},
     -0.681009763616,
     1.91151322233,
     1.57961509312,
     42.9912507991},
    {"TransMIL of package 0.0.9",
     kTransMilHead,
     300,
     {1.10552820607, 0.472907748698, -0.365318487511, 0.522605055053},
     -0.421540423146,
     3.24118204718,
     2.34878537139,
     38.8744980345},
    {"CLAM-SB",
     kClamSb,
     20,
     {-0.29794615208, -0.117228430103, -0.0461113739633, 0.280116198058},
     -1.09998125426,
     1.9079482127,
     1.19147958636,
     6.95959147301},
    {"CLAM-MB",
     kClamMb,
     300,
     {-0.21732854354, 0.26781618811, -0.316922656555, 0.327771318145},
     -0.991454820501,
     2.29048089629,
     1.42636958465,
     6.14827679946},
};

double loss_of(recipe::Recipe& fusion, const data::Batch& batch, at::Tensor* graph = nullptr) {
  const recipe::Terms terms = fusion.loss(fusion.forward(batch), batch);
  if (terms.size() != 1) throw Error("fusion", "one loss term was expected");
  if (graph) *graph = terms[0].value;
  return terms[0].value.item<double>();
}

void expect_row(const Row& row) {
  SCOPED_TRACE(std::string(row.name) + ", " + std::to_string(row.patches) + " patches");
  const auto fusion = make_recipe("fusion", row.yaml, grouped_schema(1024, kGroupSizes, 4));
  fill_by_position(fusion->module());
  const at::Tensor bag = row.patches ? 6 * stream(1000, {row.patches, 1024}) - 3 : at::Tensor();
  const data::Batch event = batch_of(bag, genes_of_groups(), 2, 1),
                    censored = batch_of(bag, genes_of_groups(), 1, 0);
  const auto near = [](double have, double want, const char* what) {
    EXPECT_NEAR(have, want, 1e-12 + 1e-10 * std::abs(want)) << what;
  };
  const Tensors out = fusion->predict(event);
  for (int64_t k = 0; k < 4; ++k)
    near(out.at("logits")[0][k].item<double>(), row.logits[static_cast<size_t>(k)], "logit");
  near(out.at("risk")[0].item<double>(), row.risk, "risk");
  EXPECT_EQ(out.at("survival").sizes(), at::IntArrayRef({1, 4}));
  at::Tensor loss;
  near(loss_of(*fusion, event, &loss), row.nll_event, "likelihood of an event");
  near(loss_of(*fusion, censored), row.nll_censored, "likelihood of a censored row");
  near(gradient_norm(*fusion, loss), row.gradient_norm, "gradient norm");
}

TEST(FusionRecipe, GivesTheReferenceModelsNumbers) {
  EXPECT_DOUBLE_EQ(stream(0, {1}).item<double>(), 0.88331080821364261);
  for (const Row& row : kRows) expect_row(row);
}

}  // namespace
}  // namespace tractrix::test
