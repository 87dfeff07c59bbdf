// The recipe `motcat` and its transport plans against the published network: golden cases with all
// gradients; micro-batches against whole bags.
#include <gtest/gtest.h>

#include "support/coattention_cases.hpp"
#include "support/golden_classes.hpp"
#include "support/recipe_cases.hpp"
#include "tractrix/losses/discrete_survival.hpp"
#include "tractrix/nn/transport.hpp"

namespace tractrix::test {
namespace motcat_cases {

// Releases of POT from 0.9.5 regularise by kl.
bool is_kl(const Json& config) { return config.at("POT").get<std::string>() >= "0.9.5"; }

Tensors run_motcat(Golden& golden) {
  const Json& config = golden.config();
  const std::string regulariser = is_kl(config) ? "kl" : "entropy";
  return run_coattention(golden, "motcat",
                         "transport: {regulariser: " + regulariser +
                             ", reg: " + config.at("ot_reg").dump() +
                             ", tau: " + config.at("ot_tau").dump() + "}");
}

Tensors run_plan(Golden& golden) {
  const Json& config = golden.config();
  nn::TransportOptions options;
  options.reg = config.at("ot_reg");
  options.tau = config.at("ot_tau");
  if (is_kl(config)) options.regulariser = nn::Regulariser::kl;
  if (config.at("impl") == "pot-sinkhorn-l2") options.marginals = nn::Marginals::balanced;
  const at::Tensor x = golden.input("x").squeeze(1), y = golden.input("y").squeeze(1);
  const auto [plan, iterations] = nn::transport(x, y, options);
  Tensors out{{"plan_t", plan.t().unsqueeze(0).unsqueeze(0)},
              {"dist", (nn::transport_cost(x, y) * plan).sum().reshape({1})}};
  if (golden.stored().has("out/iterations"))
    out["iterations"] = at::full({1}, static_cast<double>(iterations), at::kDouble);
  return out;
}

const bool kKnown[] = {knows_class("MOTCAT_Surv", run_motcat),
                       knows_class("OT_Attn_assem", run_plan)};

// ---- micro-batches

constexpr int64_t kPatches = 10;

std::unique_ptr<recipe::Recipe> filled_motcat(const std::string& yaml) {
  auto model = make_recipe("motcat", yaml, grouped_schema(32, kGroupSizes, 4));
  fill_by_position(model->module());
  return model;
}

data::Batch filled_batch() {
  return batch_of(6 * stream(1000, {kPatches, 32}) - 3, genes_of_groups(), 2, 1);
}

bool close(const at::Tensor& a, const at::Tensor& b) { return at::allclose(a, b, 1e-9, 1e-12); }

TEST(MotcatRecipe, APartThatHoldsTheBagIsTheBag) {
  const Tensors whole = filled_motcat("micro_batch: 0")->forward(filled_batch()),
                part = filled_motcat("micro_batch: 11")->forward(filled_batch());
  ASSERT_EQ(part.at("logits").sizes(), at::IntArrayRef({1, 4}));
  EXPECT_TRUE(close(part.at("logits"), whole.at("logits")));
  EXPECT_TRUE(close(part.at("coattention"), whole.at("coattention")));
}

TEST(MotcatRecipe, PartsAreAveraged) {
  const auto model = filled_motcat("micro_batch: 4");
  const data::Batch batch = filled_batch();
  const Tensors out = model->forward(batch);
  const at::Tensor& logits = out.at("logits");
  ASSERT_EQ(logits.sizes(), at::IntArrayRef({3, 4}));
  // Every patch has mass in the plan of its part.
  const at::Tensor mass = out.at("coattention").sum(0);
  EXPECT_EQ(mass.size(0), kPatches);
  EXPECT_GT(mass.min().item<double>(), 0);
  double loss = 0, risk = 0;
  for (int64_t p = 0; p < 3; ++p) {
    const at::Tensor row = logits.narrow(0, p, 1);
    loss += losses::nll_survival(row, batch.targets.at("bin"), batch.targets.at("event"), 0)
                .item<double>() /
            3;
    risk += losses::risk_of(losses::curve(row).survival).item<double>() / 3;
  }
  EXPECT_NEAR(model->loss(out, batch).at(0).value.item<double>(), loss, 1e-12);
  const Tensors predicted = model->predict(batch);
  EXPECT_NEAR(predicted.at("risk").item<double>(), risk, 1e-12);
  EXPECT_EQ(predicted.at("survival").sizes(), at::IntArrayRef({1, 4}));
}

TEST(MotcatRecipe, PartsFollowFromThePatientsSeed) {
  const auto model = filled_motcat("micro_batch: 4");
  data::Batch batch = filled_batch();
  const at::Tensor first = model->predict(batch).at("risk");
  EXPECT_TRUE(at::equal(model->predict(batch).at("risk"), first));
  batch.seeds = {Seed(2)};
  EXPECT_FALSE(at::equal(model->predict(batch).at("risk"), first));
}

TEST(MotcatRecipe, EveryPatchIsInOnePart) {
  for (const int64_t size : {1, 2, 3, 5, 10}) {
    SCOPED_TRACE(size);
    const auto model = filled_motcat("micro_batch: " + std::to_string(size));
    const Tensors out = model->forward(filled_batch());
    EXPECT_EQ(out.at("logits").size(0), std::min(kPatches / size + 1, kPatches));
    EXPECT_EQ(out.at("coattention").sizes(), at::IntArrayRef({6, kPatches}));
    EXPECT_TRUE(out.at("logits").isfinite().all().item<bool>());
  }
}

}  // namespace motcat_cases
}  // namespace tractrix::test
