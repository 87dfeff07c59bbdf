// Validation loss, the progress of a trainer, and the texts of the bar.
#include "tractrix/train/validation.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "support/toy_recipe.hpp"
#include "tractrix/train/fold_trainer.hpp"
#include "tractrix/train/progress.hpp"

namespace tractrix::train {
namespace {

using testing::ToyReader;
using testing::ToyRecipe;

std::vector<std::string> ids(int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back("V" + std::to_string(i));
  return all;
}

struct Toy {
  explicit Toy(bool cached = false) : recipe((draw_from(Seed(3)), ToyRecipe(true, cached))) {
    cast(recipe.module(), at::kCPU, at::kDouble);
    recipe.module().eval();
  }
  ToyRecipe recipe;
  ToyReader reader;
};

TEST(ValidationLoss, IsTheMeanOverExamplesAndTheTrainingsWindows) {
  Toy toy;
  ValidationLoss loss(toy.recipe.stages()[0], 4, 2, Seed(1));
  const auto all = ids(9);  // windows of 4, 4 and 1; the last one is too small for the loss
  for (size_t i = 0; i < all.size(); i += 3)
    loss.add(toy.reader.read({all[i], all[i + 1], all[i + 2]}, Seed(0)));
  const auto means = loss.means();

  const at::NoGradGuard no_grad;
  double fit = 0, rank = 0;
  for (const auto& id : all) {
    const auto batch = toy.reader.read({id}, Seed(0));
    fit += toy.recipe.loss(toy.recipe.forward(batch), batch)[0].value.item<double>() / 9;
  }
  for (int w = 0; w < 2; ++w) {
    const auto batch = toy.reader.read({all.begin() + 4 * w, all.begin() + 4 * w + 4}, Seed(0));
    rank += toy.recipe.window_loss(toy.recipe.forward(batch), batch)[0].value.item<double>() / 2;
  }
  EXPECT_NEAR(means.at("fit"), fit, 1e-12);
  EXPECT_NEAR(means.at("rank"), rank, 1e-12);
}

TEST(ValidationLoss, LeavesBuffersAlone) {
  Toy toy;
  toy.recipe.module().named_buffers()["moved"].fill_(0.7);
  ValidationLoss loss(toy.recipe.stages()[0], 4, 2, Seed(1));
  loss.add(toy.reader.read(ids(5), Seed(0)));
  loss.means();
  EXPECT_EQ(toy.recipe.module().named_buffers()["moved"].item<double>(), 0.7);
}

TEST(ValidationLoss, OfACachedStageSeesTheCachedOutputs) {
  Toy toy(true);
  const auto stage = toy.recipe.stages()[1];
  ValidationLoss loss(stage, 4, 1, Seed(1));
  const auto batch = toy.reader.read(ids(3), Seed(0));
  loss.add(batch);
  const auto got = loss.means().at("second");
  const at::NoGradGuard no_grad;
  draw_from(Seed(1).at("batch", 0));
  data::Batch rows;
  rows.ids = batch.ids;
  rows.inputs = stage.cached->forward(batch);
  const auto want = stage.objective->loss(stage.objective->forward(rows), rows)[0].value;
  EXPECT_NEAR(got, want.item<double>(), 1e-12);
}

TEST(Progress, GrowsFromZeroToOneOverAllStages) {
  Toy toy(true);
  FoldSetup setup;
  setup.contract.max_batch = 2;
  Plan epochs, steps;
  epochs.epochs = 2;
  epochs.window = steps.window = 4;
  steps.steps = 3;
  setup.plans = {epochs, steps};
  for (const auto& id : ids(10)) setup.examples.push_back({id});
  setup.precision = Precision::f64;
  FoldTrainer trainer(toy.recipe, toy.reader, setup);
  EXPECT_EQ(trainer.done(), 0);
  double before = 0;
  while (!trainer.finished()) {
    const auto mark = trainer.step();
    EXPECT_GE(trainer.done(), before);
    EXPECT_LE(trainer.done(), 1);
    before = trainer.done();
    // 2 epochs, then 3 steps of 4 among 10 examples.
    if (mark.stage == 0 && mark.stage_end) {
      EXPECT_NEAR(before, 2 / 3.2, 1e-12);
    }
  }
  EXPECT_EQ(trainer.done(), 1);
}

TEST(Progress, TextsAreShort) {
  EXPECT_EQ(duration_text(44.6), "45 s");
  EXPECT_EQ(duration_text(725), "12 min 05 s");
  EXPECT_EQ(duration_text(12000), "3 h 20 min");
  EXPECT_EQ(progress_text(0.4, 125), "[########------------]  40 %  2 min 05 s left");
  EXPECT_EQ(progress_text(0, std::nullopt), "[--------------------]   0 %");
  EXPECT_EQ(progress_text(1, 0), "[####################] 100 %  0 s left");
}

}  // namespace
}  // namespace tractrix::train
