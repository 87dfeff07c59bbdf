// The recipe `cmta`, configured by YAML, against the published network: golden cases with all
// gradients, three steps of the engine, and numbers on weights filled by position.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <tuple>

#include "support/golden_classes.hpp"
#include "support/golden_outputs.hpp"
#include "support/recipe_cases.hpp"
#include "tractrix/losses/alignment.hpp"
#include "tractrix/tensor/tensors.hpp"
#include "tractrix/train/optimizer.hpp"

namespace tractrix::test {
namespace cmta_cases {

std::unique_ptr<recipe::Recipe> make_cmta(const Json& config, const std::string& align,
                                          int64_t bins) {
  const std::string yaml = "size: " + config.at("model_size").get<std::string>() +
                           "\nfusion: " + config.at("fusion").get<std::string>() +
                           "\ndropout: 0\nlayer_dropout: 0\nalign: {" + align + "}";
  return make_recipe("cmta", yaml, grouped_schema(1024, config.at("omic_sizes"), bins));
}

std::string align_of(const std::string& similarity, double weight) {
  return "metric: " + (similarity == "cos" ? "cosine" : similarity) +
         ", weight: " + std::to_string(weight);
}

// x_omic1 ... of the case as one row.
at::Tensor genes_of(Golden& golden, const std::string& suffix = "") {
  std::vector<at::Tensor> parts;
  for (size_t g = 1; g <= golden.config().at("omic_sizes").size(); ++g)
    parts.push_back(golden.input("x_omic" + std::to_string(g) + suffix));
  return at::cat(parts).unsqueeze(0);
}

at::Tensor total(const recipe::Terms& terms) {
  at::Tensor sum = at::zeros({}, at::kDouble);
  for (const auto& term : terms) sum = sum + term.weight * term.value;
  return sum;
}

Tensors run_cmta(Golden& golden) {
  const Json& loss = golden.config().at("loss");
  const auto model =
      make_cmta(golden.config(), align_of(loss.at("similarity"), loss.at("alpha_sim")),
                golden.config().at("n_classes"));
  golden.load(model->module());
  const auto batch =
      batch_of(golden.input("x_path"), genes_of(golden), golden.value("in/Y").item<int64_t>(),
               1 - golden.value("in/c").item<double>());
  const Tensors made = model->forward(batch);
  const losses::Curve curve = losses::curve(made.at("logits"));
  Tensors out{
      {"hazards", curve.hazards}, {"S", curve.survival}, {"risk", losses::risk_of(curve.survival)}};
  for (const char* name : {"p", "p_hat", "g", "g_hat"}) out[name] = made.at(name);
  const auto terms = model->loss(made, batch);
  for (const auto& [name, value, weight] : terms) {
    if (name == "nll") out["nll"] = value.reshape({1});
    if (name == "align_p") out["sim_p"] = value.reshape({1});
    if (name == "align_g") out["sim_g"] = value.reshape({1});
  }
  out["loss"] = total(terms).reshape({1});
  return out;
}

// Engine.train: one step of SGD per patient.
Tensors run_engine(Golden& golden) {
  const Json& config = golden.config();
  const auto model =
      make_cmta(config, align_of(config.at("similarity"), config.at("alpha_sim")), 4);
  model->module().train();
  golden.load(model->module());
  train::OptimizerOptions options;
  options.kind = train::OptimizerKind::sgd;
  options.momentum = config.at("momentum");
  options.weight_decay = config.at("weight_decay");
  std::vector<train::Parameter> parameters;
  for (auto& item : model->module().named_parameters()) {
    item.value().set_requires_grad(true);
    parameters.push_back({item.key(), item.value()});
  }
  train::Optimizer optimizer(options, parameters);
  Tensors out;
  for (size_t i = 0; i < config.at("patches").size(); ++i) {
    const std::string suffix = "_" + std::to_string(i);
    const auto row = static_cast<int64_t>(i);
    const auto batch = batch_of(golden.input("x_path" + suffix), genes_of(golden, suffix),
                                golden.value("in/Y")[row].item<int64_t>(),
                                1 - golden.value("in/c")[row].item<double>());
    optimizer.zero_grad();
    const at::Tensor loss = total(model->loss(model->forward(batch), batch));
    loss.backward();
    optimizer.step(config.at("lr"));
    out["loss" + suffix] = loss.detach().reshape({1});
  }
  for (const auto& item : model->module().named_parameters())
    out["after/" + item.key()] = item.value().detach();
  return out;
}

Tensors run_alignment(Golden& golden) {
  const at::Tensor p = golden.input("p"), p_hat = golden.input("p_hat"), g = golden.input("g"),
                   g_hat = golden.input("g_hat");
  Tensors out;
  const auto add = [&](const std::string& name, losses::Similarity similarity) {
    out[name + "_p"] = losses::alignment(p.detach(), p_hat, similarity).reshape({1});
    out[name + "_g"] = losses::alignment(g.detach(), g_hat, similarity).reshape({1});
  };
  add("l1", losses::Similarity::l1);
  add("mse", losses::Similarity::mse);
  add("kl", losses::Similarity::kl);
  out["cos_p"] = 1 - losses::cosine_rows(p.detach(), p_hat);
  out["cos_g"] = 1 - losses::cosine_rows(g.detach(), g_hat);
  out["orthogonal"] = losses::orthogonal_rows(p, p_hat, g, g_hat, golden.config().at("gamma"));
  return out;
}

const bool kKnown[] = {
    knows_class("CMTA", run_cmta), knows_class("CMTA, Engine.train", run_engine),
    knows_class("KLLoss, CosineLoss, OrthogonalLoss; torch L1Loss, MSELoss", run_alignment)};

// ---- numbers of the reference model on weights filled by position
// --------------------------------

struct Row {
  const char* yaml;
  int64_t patches;
  std::array<double, 4> logits;
  double risk, loss, gradient_norm;  // bin 2 with event
};

const Row kRows[] = {
    {"fusion: concat",
     10,
     {0.0688313437241, 0.0309951942526, -0.0294512456487, 0.110552479111},
     -0.897996994702,
     4.44063108556,
     7.24477303288},
    {"form: reference",
     10,
     {0.0688313437241, 0.0309951942526, -0.0294512456487, 0.110552479111},
     -0.897996994702,
     4.44063108556,
     7.24477303288},
    {"align: {detach: false}",
     10,
     {0.0688313437241, 0.0309951942526, -0.0294512456487, 0.110552479111},
     -0.897996994702,
     4.44063108556,
     8.64752217139},
    {"size: large",
     10,
     {0.116508224976, 0.0156160280118, 0.0511307485049, -0.0676095478261},
     -0.877176063231,
     4.39855853693,
     7.07467119867},
    {"fusion: bilinear",
     300,
     {0.00346672201393, -0.0683126767158, 0.0584656972073, 0.11712175546},
     -0.941465958201,
     4.29208023846,
     5.43421631788},
};

data::Batch filled_batch(int64_t patches) {
  return batch_of(6 * stream(1000, {patches, 1024}) - 3, genes_of_groups(), 2, 1);
}

void near(double have, double want, const char* what) {
  EXPECT_NEAR(have, want, 1e-12 + 1e-10 * std::abs(want)) << what;
}

TEST(CmtaRecipe, GivesTheReferenceModelsNumbers) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.yaml) + ", " + std::to_string(row.patches) + " patches");
    const auto model = make_recipe("cmta", row.yaml, grouped_schema(1024, kGroupSizes, 4));
    fill_by_position(model->module());
    const data::Batch batch = filled_batch(row.patches);
    const Tensors out = model->predict(batch);
    for (int64_t k = 0; k < 4; ++k)
      near(out.at("logits")[0][k].item<double>(), row.logits[static_cast<size_t>(k)], "logit");
    near(out.at("risk")[0].item<double>(), row.risk, "risk");
    const at::Tensor loss = total(model->loss(model->forward(batch), batch));
    near(loss.item<double>(), row.loss, "loss");
    near(gradient_norm(*model, loss), row.gradient_norm, "gradient norm");
  }
}

TEST(CmtaRecipe, OffersTheOtherMetricsOfTheReference) {
  const std::tuple<const char*, double, double> rows[] = {
      {"mse", 1.98469452875, 2.15782063153},
      {"kl", 1.75024516224, 1.0825046847},
      {"cosine", 0.987146216468, 1.07269192108}};
  for (const auto& [metric, p, g] : rows) {
    SCOPED_TRACE(metric);
    const auto model = make_recipe("cmta", std::string("align: {metric: ") + metric + "}",
                                   grouped_schema(1024, kGroupSizes, 4));
    fill_by_position(model->module());
    const data::Batch batch = filled_batch(10);
    const auto terms = model->loss(model->forward(batch), batch);
    ASSERT_EQ(terms.size(), 6u);
    near(terms[1].value.item<double>(), p, "align_p");
    near(terms[2].value.item<double>(), g, "align_g");
    for (size_t i = 3; i < 6; ++i) EXPECT_EQ(terms[i].weight, 0) << terms[i].name;
  }
}

// Logged, never learnt from: the cosines have no gradient and no weight.
TEST(CmtaRecipe, LogsHowNearItsFourTokensAre) {
  const auto model =
      make_recipe("cmta", "align: {detach: false}", grouped_schema(1024, kGroupSizes, 4));
  fill_by_position(model->module());
  const data::Batch batch = filled_batch(10);
  const Tensors out = model->forward(batch);
  const auto terms = model->loss(out, batch);
  const std::tuple<const char*, const char*, const char*> pairs[] = {
      {"cos_p", "p", "p_hat"}, {"cos_g", "g", "g_hat"}, {"cos_pg", "p", "g"}};
  for (size_t i = 0; i < 3; ++i) {
    const auto& [name, first, second] = pairs[i];
    const auto& term = terms.at(3 + i);
    EXPECT_EQ(term.name, name);
    EXPECT_EQ(term.weight, 0);
    EXPECT_FALSE(term.value.requires_grad());
    const at::Tensor a = out.at(first)[0], b = out.at(second)[0];
    near(term.value.item<double>(), (a.dot(b) / (a.norm() * b.norm())).item<double>(), name);
  }
}

// Each option of the paper's equations alone and `form: paper`, which is all of them.
TEST(CmtaRecipe, BuildsThePapersFormOptionByOption) {
  const auto logits_of = [&](const std::string& yaml) {
    draw_from(Seed(3));
    const auto model = make_recipe("cmta", yaml, grouped_schema(1024, kGroupSizes, 4));
    cast(model->module(), at::kCPU, at::kDouble);
    return model->predict(filled_batch(10)).at("logits").detach().clone();
  };
  const at::Tensor code = logits_of("form: exact");
  const std::string options[] = {"embeddings: linear", "cross_attention: shared",
                                 "final_norm: false", "repeat: false", "omics: {attention: full}"};
  std::string all;
  for (const auto& option : options) {
    EXPECT_FALSE(at::equal(logits_of(option), code)) << option;
    all += option + "\n";
  }
  EXPECT_TRUE(at::equal(logits_of(all), logits_of("form: paper")));
  EXPECT_THROW(logits_of("form: paper\nsize: large"), Error);
}

// Per gene group, and a repeated patch counted once.
TEST(CmtaRecipe, ShowsWhatEachGeneGroupAsksOfThePatches) {
  for (const char* yaml : {"form: exact", "form: reference", "form: paper"}) {
    SCOPED_TRACE(yaml);
    const auto model = make_recipe("cmta", yaml, grouped_schema(1024, kGroupSizes, 4));
    cast(model->module(), at::kCPU, at::kDouble);
    const at::Tensor weights = model->predict(filled_batch(10)).at("attention.pathology");
    ASSERT_EQ(weights.sizes(), at::IntArrayRef({6, 10}));
    EXPECT_TRUE(at::allclose(weights.sum(1), at::ones({6}, at::kDouble)));
  }
  const auto none =
      make_recipe("cmta", "cross_attention: none", grouped_schema(1024, kGroupSizes, 4));
  cast(none->module(), at::kCPU, at::kDouble);
  EXPECT_FALSE(none->predict(filled_batch(10)).has("attention.pathology"));
}

}  // namespace cmta_cases
}  // namespace tractrix::test
