// The cores of GPDBN, HFBSurv and M3IF against their repositories, and the recipes around them; the
// recipe `dualtrans` against numbers of the reconstruction it follows.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/golden_classes.hpp"
#include "support/recipe_cases.hpp"
#include "tractrix/losses/cox.hpp"
#include "tractrix/nn/gpdbn_net.hpp"
#include "tractrix/nn/hfbsurv_net.hpp"
#include "tractrix/nn/init.hpp"
#include "tractrix/nn/m3if_net.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::test {
namespace competitor_cases {

void set_mode(torch::nn::Module& module, const Json& config) {
  cast(module, at::kCPU, at::kDouble);
  module.train(config.at("mode").get<std::string>().starts_with("train"));
}

// Row i's risk set is rows 0 .. i, as in both repositories: that of falling times.
at::Tensor cox_of(const at::Tensor& pred, const at::Tensor& event) {
  const at::Tensor falling = -at::arange(pred.size(0), at::kDouble);
  losses::CoxOptions options;
  options.over = losses::Over::sum;
  return losses::cox(pred, falling, event, options) / (1 + event.sum());
}

// What both repositories make of the core's output; their constants 6 and -3 count in the L1 norm.
Tensors cox_outputs(Golden& golden, const torch::nn::Module& net, const at::Tensor& code,
                    const at::Tensor& values) {
  const at::Tensor pred = 6 * at::sigmoid(values) - 3;
  const at::Tensor cox = cox_of(pred, golden.value("in/event"));
  const at::Tensor l1 = nn::l1_norm(net) + 9;
  const double lambda = golden.config().at("lambda_reg");
  return {{"pred", pred},
          {"code", code},
          {"loss_cox", cox.reshape({1})},
          {"l1", l1.reshape({1})},
          {"loss", (cox + lambda * l1).reshape({1})}};
}

Tensors run_gpdbn(Golden& golden) {
  nn::GpdbnOptions options;
  options.width = golden.config().at("in_size");
  options.hidden = golden.config().at("hidden");
  options.outputs = golden.config().at("output_dim");
  nn::GpdbnNet net(options);
  set_mode(*net, golden.config());
  golden.load(*net);
  const auto [code, values] =
      net->forward(golden.input("x_gene").squeeze(1), golden.input("x_path").squeeze(1));
  return cox_outputs(golden, *net, code, values);
}

Tensors run_hfbsurv(Golden& golden) {
  const Json& config = golden.config();
  const bool trains = config.at("mode").get<std::string>().starts_with("train");
  nn::HfbsurvOptions options;
  options.in = config.at("input_dims").get<std::vector<int64_t>>();
  options.hidden = config.at("hidden_dims")[0];
  options.head = {config.at("hidden_dims")[3].get<int64_t>(), 64};
  options.intra = config.at("output_dims")[0];
  options.inter = config.at("output_dims")[1];
  options.outputs = config.at("output_dims")[2];
  options.rank = config.at("rank");
  options.product_dropout = options.head_dropout = 0;
  options.batch_norm = true;
  nn::HfbsurvNet net(options);
  set_mode(*net, config);
  golden.load(*net);
  std::vector<at::Tensor> vectors;
  for (const char* name : {"x_gene", "x_path", "x_cona"})
    vectors.push_back(golden.input(name).squeeze(1));
  const auto [code, values] = net->forward(vectors);
  Tensors out = cox_outputs(golden, *net, code, values);
  if (!trains) return out;
  for (const auto& item : net->named_buffers())
    if (item.key() == "norm.running_mean" || item.key() == "norm.running_var")
      out[item.key().substr(5) + "_after"] = item.value();
  return out;
}

Tensors run_m3if(Golden& golden) {
  const Json& config = golden.config();
  if (config.at("num_modal") != 2) throw Error(golden.name(), "only two modalities are built");
  nn::M3ifOptions options;
  options.patch = config.at("img_feat_input_dim");
  options.table = config.at("tab_feat_input_dim");
  options.outputs = 1;
  nn::M3ifNet net(options);
  set_mode(*net, config);
  golden.load(*net);
  const auto [values, weights] =
      net->forward(golden.input("tab_feat"), golden.input("wsi_feat_scale1"));
  const at::Tensor label = golden.value("in/label").to(at::kDouble).reshape({1, 1});
  return {{"out", values},
          {"attention1", weights},
          {"loss", at::binary_cross_entropy_with_logits(values, label).reshape({1})}};
}

const bool kKnown[] = {knows_class("GPDBN", run_gpdbn), knows_class("HFBSurv", run_hfbsurv),
                       knows_class("MILFusion", run_m3if)};

void near(double have, double want, const char* what) {
  EXPECT_NEAR(have, want, 1e-12 + 1e-10 * std::abs(want)) << what;
}

// ---- numbers of the reconstruction on weights filled by position

struct Row {
  const char* yaml;
  int64_t patches;
  std::array<double, 4> logits;
  double risk, loss, gradient_norm;  // bin 2 with event
};

const Row kRows[] = {
    {"form: exact",
     10,
     {-0.0406106742257, 0.0492187693072, -0.112222167382, 0.167346316874},
     -0.950526604059,
     2.14193899394,
     6.82318862543},
    {"form: reference",
     300,
     {-0.0419594608496, 0.105575932315, -0.0835764280961, 0.112138317351},
     -0.937654662384,
     2.15552356137,
     6.72426761479},
};

TEST(DualTransRecipe, GivesTheReconstructionsNumbers) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.yaml) + ", " + std::to_string(row.patches) + " patches");
    const auto model = make_recipe("dualtrans", row.yaml, grouped_schema(1024, kGroupSizes, 4));
    fill_by_position(model->module());
    int64_t parameters = 0;
    for (const auto& p : model->module().parameters()) parameters += p.numel();
    EXPECT_EQ(parameters, 3240484);
    const data::Batch batch =
        batch_of(6 * stream(1000, {row.patches, 1024}) - 3, genes_of_groups(), 2, 1);
    const Tensors out = model->predict(batch);
    for (int64_t k = 0; k < 4; ++k)
      near(out.at("logits")[0][k].item<double>(), row.logits[static_cast<size_t>(k)], "logit");
    near(out.at("risk")[0].item<double>(), row.risk, "risk");
    EXPECT_EQ(out.at("attention.pathology").sizes(), at::IntArrayRef({8, row.patches}));
    const at::Tensor loss = model->loss(model->forward(batch), batch).at(0).value;
    near(loss.item<double>(), row.loss, "loss");
    near(gradient_norm(*model, loss), row.gradient_norm, "gradient norm");
  }
}

// ---- the recipes around the cores

// One optimizer step of gradient descent lowers the loss, and weights over the patches add up to 1.
TEST(CompetitorRecipes, LearnAndShowTheirAttention) {
  const auto batch = batch_of(stream(1, {9, 24}) - 0.5, 4 * stream(2, {1, 56}) - 2, 1, 1);
  for (const auto& [name, yaml] : {std::pair<const char*, const char*>{"gpdbn", "l1: 0.001"},
                                   {"hfbsurv", "upstream_bugs: true"},
                                   {"hfbsurv", "upstream_bugs: false"},
                                   {"m3if", "omics: {as: groups}"},
                                   {"m3if", "omics: {as: whole}"}}) {
    SCOPED_TRACE(std::string(name) + ", " + yaml);
    draw_from(Seed(5));
    const auto model = make_recipe(name, yaml, grouped_schema(24, kGroupSizes, 4));
    cast(model->module(), at::kCPU, at::kDouble);
    const auto loss_now = [&] {
      at::Tensor sum = at::zeros({}, at::kDouble);
      for (const auto& term : model->loss(model->forward(batch), batch))
        sum = sum + term.weight * term.value;
      return sum;
    };
    const at::Tensor before = loss_now();
    before.backward();
    {
      const at::NoGradGuard no_grad;
      for (auto& p : model->module().parameters())
        if (p.grad().defined()) p.sub_(p.grad(), 1e-3);
    }
    EXPECT_LT(loss_now().item<double>(), before.item<double>());
    const at::Tensor weights = model->predict(batch).at("attention.pathology");
    ASSERT_EQ(weights.sizes(), at::IntArrayRef({1, 9}));
    EXPECT_NEAR(weights.sum().item<double>(), 1, 1e-12);
  }
}

// The bugs of the repository are what the option says: which layers a gradient reaches.
TEST(CompetitorRecipes, HfbsurvUsesALayerPerModalityUnlessToldToKeepTheBugs) {
  const auto batch = batch_of(stream(1, {3, 24}), stream(2, {1, 56}), 1, 1);
  for (const bool bugs : {true, false}) {
    const auto model = make_recipe("hfbsurv", bugs ? "upstream_bugs: true" : "upstream_bugs: false",
                                   grouped_schema(24, kGroupSizes, 4));
    cast(model->module(), at::kCPU, at::kDouble);
    model->loss(model->forward(batch), batch).at(0).value.backward();
    const auto parameters = model->module().named_parameters();
    EXPECT_TRUE(parameters["core.Linear_gene_a.weight"].grad().defined());
    EXPECT_EQ(parameters["core.Linear_path_a.weight"].grad().defined(), !bugs);
  }
}

}  // namespace competitor_cases
}  // namespace tractrix::test
