// The recipe `cmta` with dropout through the trainer: stopped at any step and continued from its
// saved state, it ends at the same bits.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>

#include "support/recipe_cases.hpp"
#include "tractrix/data/reader.hpp"
#include "tractrix/train/fold_trainer.hpp"

namespace tractrix::train {
namespace cmta_resume {

constexpr int64_t kColumns = 12;

// Bags of 1 to 9 patches, genes and labels that follow from the id.
struct Reader final : data::Reader {
  std::vector<std::string> present(const std::string&) const override {
    return {"pathology", "genomics"};
  }
  data::Batch read(const std::vector<std::string>& ids, const Seed& seed) const override {
    const Seed own = Seed(6).at(ids.at(0));
    const auto rows = static_cast<int64_t>(1 + own.key() % 9);
    const auto bin = static_cast<int64_t>(own.at("bin").key() % 4);
    data::Batch batch =
        test::batch_of(normal(own.at("bag"), {rows, kColumns}), normal(own.at("genes"), {1, 6}),
                       bin, static_cast<double>(own.at("event").key() % 2));
    batch.ids = ids;
    batch.seeds = {seed.at("row", 0)};
    return batch;
  }
};

struct Trained {
  Trained() {
    draw_from(Seed(31));
    model = test::make_recipe("cmta", "dim: 16\nomics: {hidden: 8}",
                              test::grouped_schema(kColumns, {1, 2, 3}, 4));
    cast(model->module(), at::kCPU, at::kDouble);
    FoldSetup setup;
    Plan plan;
    plan.epochs = 2;
    plan.lr = 1e-2;
    plan.optimizer.kind = OptimizerKind::sgd;
    plan.optimizer.momentum = 0.9;
    plan.optimizer.weight_decay = 1e-5;
    setup.plans = {plan};
    for (int i = 0; i < 5; ++i) setup.examples.push_back({"P" + std::to_string(i), 1});
    setup.precision = Precision::f64;
    setup.fold = Seed(1).at("fold");
    setup.order = Seed(1).at("order");
    trainer = std::make_unique<FoldTrainer>(*model, reader, setup);
  }
  std::unique_ptr<recipe::Recipe> model;
  Reader reader;
  std::unique_ptr<FoldTrainer> trainer;
};

Tensors copied(const Tensors& all) {
  Tensors out;
  for (const auto& [name, value] : all) out[name] = value.clone();
  return out;
}

TEST(CmtaRecipe, ContinuesFromEveryStepToTheSameBits) {
  Trained whole;
  const Tensors start = copied(whole.trainer->state());
  std::vector<std::pair<Tensors, Json>> saved;
  while (!whole.trainer->finished()) {
    whole.trainer->step();
    saved.emplace_back(copied(whole.trainer->state()), whole.trainer->counters());
  }
  ASSERT_EQ(saved.size(), 10u);
  const Tensors want = whole.trainer->state();
  EXPECT_FALSE(at::equal(start.begin()->second, want.begin()->second)) << "nothing was learnt";
  for (const auto& [state, counters] : saved) {
    Trained again;
    again.trainer->restore(state, Json::parse(counters.dump()));
    while (!again.trainer->finished()) again.trainer->step();
    const Tensors have = again.trainer->state();
    ASSERT_EQ(have.names(), want.names());
    for (const auto& [name, value] : want)
      ASSERT_TRUE(at::equal(value, have.at(name))) << name << " after " << counters.dump();
  }
  const auto& terms = whole.trainer->ended_terms();
  for (const char* name : {"nll", "align_p", "align_g", "cos_p", "cos_g", "cos_pg"})
    EXPECT_TRUE(terms.has(name)) << name;
}

}  // namespace cmta_resume
}  // namespace tractrix::train
