// The recipe `mcat`, configured by YAML, against the published network: golden cases with all
// gradients, and numbers on weights filled by position.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/coattention_cases.hpp"
#include "support/golden_classes.hpp"
#include "support/recipe_cases.hpp"

namespace tractrix::test {
namespace mcat_cases {

Tensors run_mcat(Golden& golden) { return run_coattention(golden, "mcat", ""); }

const bool kMcat = knows_class("MCAT_Surv", run_mcat);

// ---- numbers of the reference model on weights filled by position

struct Row {
  const char* yaml;
  int64_t patches;
  std::array<double, 4> logits;
  double risk, loss, gradient_norm;  // bin 2 with event
};

const Row kRows[] = {
    {"fusion: concat",
     10,
     {0.0117001613317, 0.11142048801, -0.152694950213, -0.0069837347892},
     -0.921443842506,
     2.22182910817,
     2.57304321522},
    {"form: reference",
     10,
     {0.0117001613317, 0.11142048801, -0.152694950213, -0.0069837347892},
     -0.921443842506,
     2.22182910817,
     2.57304321522},
    {"fusion: concat",
     300,
     {0.0206510325104, 0.114991301732, -0.160535513963, -0.00991798669857},
     -0.917274508858,
     2.23245374113,
     2.66217454177},
    {"fusion: bilinear",
     10,
     {0.0612292497737, 0.0834774408733, 0.0266594224707, 0.0345836482867},
     -0.88780410026,
     2.13989337577,
     1.23024869869},
    {"fusion: bilinear",
     300,
     {0.0611484452955, 0.0837475944503, 0.026798137896, 0.0347577169051},
     -0.887767352371,
     2.13992402755,
     1.23070966953},
};

void near(double have, double want, const char* what) {
  EXPECT_NEAR(have, want, 1e-12 + 1e-10 * std::abs(want)) << what;
}

TEST(McatRecipe, GivesTheReferenceModelsNumbers) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.yaml) + ", " + std::to_string(row.patches) + " patches");
    const auto model = make_recipe("mcat", row.yaml, grouped_schema(1024, kGroupSizes, 4));
    fill_by_position(model->module());
    const auto batch = batch_of(6 * stream(1000, {row.patches, 1024}) - 3, genes_of_groups(), 2, 1);
    const Tensors out = model->predict(batch);
    for (int64_t k = 0; k < 4; ++k)
      near(out.at("logits")[0][k].item<double>(), row.logits[static_cast<size_t>(k)], "logit");
    near(out.at("risk")[0].item<double>(), row.risk, "risk");
    const at::Tensor loss = model->loss(model->forward(batch), batch).at(0).value;
    near(loss.item<double>(), row.loss, "loss");
    near(gradient_norm(*model, loss), row.gradient_norm, "gradient norm");
  }
}

TEST(McatRecipe, PredictsAttentionWeightsOverPatches) {
  const auto model = make_recipe("mcat", "fusion: concat", grouped_schema(1024, kGroupSizes, 4));
  fill_by_position(model->module());
  const auto batch = batch_of(6 * stream(1000, {10, 1024}) - 3, genes_of_groups(), 2, 1);
  const at::Tensor raw = model->forward(batch).at("coattention");
  near(raw.sum().item<double>(), -0.657190217765, "sum of the scores");
  near(raw[0][2].item<double>(), -0.138847237067, "third score");
  const at::Tensor weights = model->predict(batch).at("attention.pathology");
  ASSERT_EQ(weights.sizes(), at::IntArrayRef({6, 10}));
  EXPECT_TRUE(at::allclose(weights.sum(1), at::ones({6}, at::kDouble), 1e-12, 1e-12));
  EXPECT_TRUE(at::equal(weights.argmax(1), raw.argmax(1)));
}

}  // namespace mcat_cases
}  // namespace tractrix::test
