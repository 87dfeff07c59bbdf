#include "tractrix/train/fold_trainer.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "support/messages.hpp"
#include "support/toy_recipe.hpp"

namespace tractrix::train {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::ToyReader;
using testing::ToyRecipe;

constexpr int kPatients = 23;

Plan plan(int64_t window, int64_t batch, int64_t epochs = 2) {
  Plan p;
  p.epochs = epochs;
  p.window = window;
  p.batch = batch;
  p.lr = 1e-2;
  p.optimizer.kind = OptimizerKind::adam;
  p.optimizer.weight_decay = 1e-3;
  return p;
}

FoldSetup setup_of(int fold, std::vector<Plan> plans) {
  FoldSetup setup;
  setup.contract.max_batch = 64;
  setup.plans = std::move(plans);
  for (int i = 0; i < kPatients; ++i)
    if (i % 5 != fold) setup.examples.push_back({"P" + std::to_string(i), 1.0 + i % 3});
  setup.precision = Precision::f64;
  setup.fold = Seed(1).at("fold", static_cast<uint64_t>(fold));
  setup.order = Seed(1).at("order");
  return setup;
}

// A recipe in double precision with its trainer.
struct Fold {
  Fold(int k, std::vector<Plan> plans, bool coupled, bool cached = false,
       const std::string& poisoned = {})
      : recipe(
            (draw_from(Seed(3).at("fold", static_cast<uint64_t>(k))), ToyRecipe(coupled, cached))),
        reader(poisoned) {
    cast(recipe.module(), at::kCPU, at::kDouble);
    trainer = std::make_unique<FoldTrainer>(recipe, reader, setup_of(k, std::move(plans)));
  }
  void finish() {
    while (!trainer->finished()) trainer->step();
  }
  ToyRecipe recipe;
  ToyReader reader;
  std::unique_ptr<FoldTrainer> trainer;
};

::testing::AssertionResult same(const Tensors& a, const Tensors& b) {
  if (a.names() != b.names()) return ::testing::AssertionFailure() << "other names";
  for (const auto& [name, value] : a)
    if (!at::equal(value, b.at(name))) return ::testing::AssertionFailure() << name << " differs";
  return ::testing::AssertionSuccess();
}

Tensors copied(const Tensors& all) {
  Tensors out;
  for (const auto& [name, value] : all) out[name] = value.clone();
  return out;
}

struct Case {
  const char* name;
  std::vector<Plan> plans;
  bool coupled, cached;
};
std::vector<Case> cases() {
  auto weighted = plan(4, 2);
  weighted.sampling = Sampling::weighted;
  auto mcat = plan(5, 1, 3);
  mcat.accumulation = Accumulation::mcat;
  auto steps = plan(8, 8);
  steps.steps = 7;
  auto lookahead = plan(3, 3, 3);
  lookahead.optimizer.kind = OptimizerKind::radam;
  lookahead.optimizer.lookahead.k = 2;
  return {{"plain", {plan(4, 2)}, false, false},       {"coupled", {plan(6, 2)}, true, false},
          {"weighted", {weighted}, true, false},       {"mcat", {mcat}, false, false},
          {"cached", {plan(4, 1), steps}, true, true}, {"lookahead", {lookahead}, false, false}};
}

TEST(FoldTrainer, ResumesAtEveryWindowEndToTheSameBits) {
  for (const auto& c : cases()) {
    SCOPED_TRACE(c.name);
    Fold whole(0, c.plans, c.coupled, c.cached);
    struct Saved {
      Tensors state, table;
      Json counters;
    };
    std::vector<Saved> saved;
    const auto save = [&] {
      saved.push_back({copied(whole.trainer->state()), copied(whole.trainer->table()),
                       whole.trainer->counters()});
    };
    save();
    while (!whole.trainer->finished()) {
      if (whole.trainer->step().window_end) save();
    }
    const auto want = whole.trainer->state();
    ASSERT_GT(saved.size(), 5u);
    for (const auto& [state, table, counters] : saved) {
      Fold again(0, c.plans, c.coupled, c.cached);
      again.trainer->restore(state, Json::parse(counters.dump()), table);
      again.finish();
      ASSERT_TRUE(same(want, again.trainer->state())) << counters.dump();
    }
  }
}

TEST(FoldTrainer, ADroppedWindowIsComputedAgainToTheSameBits) {
  for (const auto& c : cases()) {
    SCOPED_TRACE(c.name);
    Fold whole(0, c.plans, c.coupled, c.cached);
    whole.finish();
    Fold nervous(0, c.plans, c.coupled, c.cached);
    for (int visit = 0; !nervous.trainer->finished(); ++visit) {
      nervous.trainer->step();
      if (visit % 3 == 1 && visit < 60) nervous.trainer->drop_window();
    }
    EXPECT_TRUE(same(whole.trainer->state(), nervous.trainer->state()));
  }
}

TEST(FoldTrainer, FoldsInLockstepEqualEachFoldAlone) {
  for (const auto& c : cases()) {
    SCOPED_TRACE(c.name);
    std::vector<std::unique_ptr<Fold>> folds;
    for (int k = 0; k < 5; ++k)
      folds.push_back(std::make_unique<Fold>(k, c.plans, c.coupled, c.cached));
    while (true) {
      Fold* next = nullptr;
      for (auto& fold : folds)
        if (!fold->trainer->finished() &&
            (!next || fold->trainer->position() < next->trainer->position()))
          next = fold.get();
      if (!next) break;
      next->trainer->step();
    }
    for (int k = 0; k < 5; ++k) {
      Fold alone(k, c.plans, c.coupled, c.cached);
      alone.finish();
      EXPECT_TRUE(same(alone.trainer->state(), folds[static_cast<size_t>(k)]->trainer->state()))
          << "fold " << k;
    }
  }
}

// One optimizer step of SGD with rate 1 shows the gradient: two passes must give that of one graph,
// dropout on.
TEST(FoldTrainer, TwoPassWindowsGiveTheGradientOfOneGraph) {
  auto p = plan(8, 1, 1);
  p.optimizer = {};
  p.optimizer.kind = OptimizerKind::sgd;
  p.lr = 1;
  Fold two(0, {p}, true);
  const auto before = copied(two.trainer->state());
  while (!two.trainer->step().window_end) {
  }
  const auto after = two.trainer->state();

  Fold one(0, {p}, true);
  auto& recipe = one.recipe;
  recipe.module().train();
  std::vector<std::pair<uint64_t, std::string>> order;
  const auto setup = setup_of(0, {p});
  for (const auto& e : setup.examples)
    order.emplace_back(setup.order.at("stage", 0).at("epoch", 0).at(e.id, uint64_t{0}).key(), e.id);
  std::sort(order.begin(), order.end());
  std::vector<Tensors> rows;
  std::vector<data::Batch> seen;
  at::Tensor loss = at::zeros({}, at::kDouble);
  for (uint64_t i = 0; i < 8; ++i) {
    const auto batch = one.reader.read({order[i].second}, Seed(0));
    draw_from(setup.fold.at("stage", 0).at("step", 0).at("draw", i));
    const auto out = recipe.forward(batch);
    loss = loss + recipe.loss(out, batch)[0].value / 8;
    rows.push_back(out);
    seen.push_back({batch.ids, {}, {}, batch.targets, {}});
  }
  const auto window = recipe.window_loss(data::join_rows(rows), data::join_targets(seen));
  (loss + window[0].weight * window[0].value).backward();
  for (const auto& item : recipe.module().named_parameters()) {
    if (!item.value().grad().defined()) continue;
    const auto got = before.at(item.key()) - after.at(item.key());
    const double scale = item.value().grad().abs().max().item<double>();
    ASSERT_GT(scale, 0) << item.key();
    EXPECT_LT((got - item.value().grad()).abs().max().item<double>() / scale, 1e-12) << item.key();
  }
}

TEST(FoldTrainer, PartialWindowsAreSteppedWithTheirOwnMean) {
  // 18 training patients in windows of 4: the last window of 2 counts 1/2 each.
  Fold fold(0, {plan(4, 4, 1)}, false);
  int windows = 0;
  while (!fold.trainer->finished()) windows += fold.trainer->step().window_end;
  EXPECT_EQ(windows, 5);
  EXPECT_EQ(fold.trainer->steps_done(), 5);
}

TEST(FoldTrainer, McatModeCarriesALeftoverIntoTheNextEpoch) {
  auto p = plan(4, 1, 1);
  p.accumulation = Accumulation::mcat;
  Fold fold(0, {p}, false);
  fold.finish();
  EXPECT_EQ(fold.trainer->steps_done(),
            4);  // 18 = 4 * 4 + 2: the two are not stepped in the only epoch
}

TEST(FoldTrainer, ANonFiniteLossNamesThePatientAndLeavesTheWeights) {
  Fold fold(0, {plan(4, 2)}, false, false, "P7");
  std::string message;
  Tensors last = copied(fold.trainer->state());
  try {
    while (!fold.trainer->finished()) {
      if (fold.trainer->step().window_end) last = copied(fold.trainer->state());
    }
  } catch (const Error& e) {
    message = e.what();
  }
  EXPECT_THAT(message, HasSubstr("P7"));
  EXPECT_THAT(message, HasSubstr("not finite"));
  EXPECT_TRUE(same(last, fold.trainer->state()));
}

}  // namespace
}  // namespace tractrix::train
