// What must hold for every recipe, whatever it computes. Each check returns one line per violation;
// none: it holds.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/made_up.hpp"
#include "tractrix/recipe/recipe.hpp"
#include "tractrix/tensor/tensors.hpp"
#include "tractrix/train/fold_trainer.hpp"

namespace tractrix::testing {

using Violations = std::vector<std::string>;

// A configured recipe: what it asks for, and a fresh model on the made-up schema.
struct Subject {
  std::string name;
  recipe::Contract contract;
  std::function<std::unique_ptr<recipe::Recipe>(const data::Schema&)> make;
};

// The same weights each time.
inline std::unique_ptr<recipe::Recipe> fresh(const Subject& subject, at::ScalarType type) {
  draw_from(Seed(31));
  auto model = subject.make(made_up_schema(subject.contract));
  cast(model->module(), at::kCPU, type);
  return model;
}

inline train::FoldSetup made_up_setup(const Subject& subject, size_t examples,
                                      const train::Plan& plan, at::ScalarType type) {
  train::FoldSetup setup;
  setup.contract = subject.contract;
  setup.plans.assign(subject.contract.stages.size(), plan);
  for (size_t i = 0; i < examples; ++i) setup.examples.push_back({"P" + std::to_string(i), 1});
  setup.precision = type == at::kDouble ? train::Precision::f64 : train::Precision::f32;
  setup.fold = Seed(1).at("fold");
  setup.order = Seed(1).at("order");
  return setup;
}

inline Tensors copied(const Tensors& all) {
  Tensors out;
  for (const auto& [name, value] : all) out[name] = value.detach().clone();
  return out;
}

// Contract's stages are those the recipe has, in their order.
inline Violations check_stages(const Subject& subject) {
  const auto model = fresh(subject, at::kFloat);
  std::vector<std::string> names;
  for (const auto& stage : model->stages()) names.push_back(stage.name);
  if (names == subject.contract.stages) return {};
  return {"the contract names the stages " + enumerate(subject.contract.stages) +
          ", the recipe has " + enumerate(names)};
}

// The examples of the first window in the trainer's order, batch by batch.
inline std::vector<std::vector<std::string>> first_window(const train::FoldSetup& setup,
                                                          size_t batch) {
  const Seed order = setup.order.at("stage", 0).at("epoch", 0);
  std::vector<std::pair<uint64_t, std::string>> visits;
  for (const auto& e : setup.examples) visits.emplace_back(order.at(e.id, uint64_t{0}).key(), e.id);
  std::sort(visits.begin(), visits.end());
  std::vector<std::vector<std::string>> batches;
  for (size_t i = 0; i < visits.size(); ++i) {
    if (i % batch == 0) batches.emplace_back();
    batches.back().push_back(visits[i].second);
  }
  return batches;
}

// An objective as it is but for after_step: bounds that are put back into place after an update are
// no part of its gradient.
class Unbounded final : public recipe::Objective {
 public:
  explicit Unbounded(recipe::Objective* inner) : inner_(inner) {}
  Tensors forward(const data::Batch& batch) override { return inner_->forward(batch); }
  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    return inner_->loss(out, batch);
  }
  std::vector<std::string> coupled() const override { return inner_->coupled(); }
  recipe::Terms window_loss(const Tensors& rows, const data::Batch& window) override {
    return inner_->window_loss(rows, window);
  }
  void begin(const Tensors& table) override { inner_->begin(table); }
  void at(const recipe::Progress& progress) override { inner_->at(progress); }

 private:
  recipe::Objective* inner_;
};

class UnboundedRecipe final : public recipe::Recipe {
 public:
  explicit UnboundedRecipe(std::unique_ptr<recipe::Recipe> inner) : inner_(std::move(inner)) {
    stages_ = inner_->stages();
    for (auto& stage : stages_) {
      objectives_.push_back(std::make_unique<Unbounded>(stage.objective));
      stage.objective = objectives_.back().get();
    }
  }
  torch::nn::Module& module() override { return inner_->module(); }
  std::vector<recipe::Stage> stages() override { return stages_; }
  Tensors forward(const data::Batch& batch) override { return inner_->forward(batch); }
  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    return inner_->loss(out, batch);
  }
  Tensors predict(const data::Batch& batch) override { return inner_->predict(batch); }

 private:
  std::unique_ptr<recipe::Recipe> inner_;
  std::vector<std::unique_ptr<Unbounded>> objectives_;
  std::vector<recipe::Stage> stages_;
};

// Backward through one graph over the whole first window, with the trainer's draws.
inline void one_graph(recipe::Recipe& model, const data::Reader& reader,
                      const train::FoldSetup& setup, size_t batch_size) {
  recipe::Objective& objective = *model.stages().at(0).objective;
  const Seed place = setup.fold.at("stage", 0).at("step", 0);
  model.module().train();
  objective.at({0, 0, 1});
  std::vector<Tensors> rows;
  std::vector<data::Batch> seen;
  at::Tensor sum = at::zeros({}, at::kDouble);
  const auto batches = first_window(setup, batch_size);
  for (size_t i = 0; i < batches.size(); ++i) {
    const auto batch = reader.read(batches[i], place.at("batch", i));
    draw_from(place.at("draw", i));
    const Tensors out = objective.forward(batch);
    const double share =
        static_cast<double>(batch.size()) / static_cast<double>(setup.examples.size());
    for (const auto& term : objective.loss(out, batch))
      sum = sum + share * term.weight * term.value;
    Tensors kept;
    for (const auto& name : objective.coupled()) kept[name] = out.at(name);
    rows.push_back(kept);
    seen.push_back({batch.ids, batch.seeds, {}, batch.targets, {}});
  }
  if (!objective.coupled().empty())
    for (const auto& term : objective.window_loss(data::join_rows(rows), data::join_targets(seen)))
      sum = sum + term.weight * term.value;
  sum.backward();
}

// One step of plain gradient descent by the trainer, in as many batches as the window has examples
// or half as many, moves every parameter by the gradient of one graph: float64, dropout on.
inline Violations check_window_gradients(const Subject& subject, size_t batch_size) {
  constexpr double kRate = 1024;  // a power of two: the step hardly rounds the gradient
  const auto examples = static_cast<size_t>(std::max<int64_t>(6, subject.contract.min_window));
  train::Plan plan;
  plan.epochs = 1;
  plan.window = static_cast<int64_t>(examples);
  plan.batch = static_cast<int64_t>(batch_size);
  plan.lr = kRate;
  plan.optimizer.kind = train::OptimizerKind::sgd;
  const auto setup = made_up_setup(subject, examples, plan, at::kDouble);
  const MadeUpReader reader(subject.contract, at::kDouble);

  UnboundedRecipe stepped(fresh(subject, at::kDouble));
  const auto whole = fresh(subject, at::kDouble);
  train::FoldTrainer trainer(stepped, reader, setup);
  while (!trainer.step().window_end) {
  }
  one_graph(*whole, reader, setup, batch_size);

  Violations all;
  double largest = 0;
  auto moved = stepped.module().named_parameters();
  for (const auto& item : whole->module().named_parameters()) {
    const at::Tensor got = (item.value().detach() - moved[item.key()].detach()) / kRate;
    const at::Tensor want =
        item.value().grad().defined() ? item.value().grad() : at::zeros_like(got);
    const double scale = want.abs().max().item<double>(),
                 rounding = 1e-15 * item.value().detach().abs().max().item<double>(),
                 off = (got - want).abs().max().item<double>();
    largest = std::max(largest, scale);
    if (off <= 1e-14 + 1e-11 * scale + rounding) continue;
    std::ostringstream text;
    text << item.key() << ": the trainer's gradient is off by " << off << ", the largest is "
         << scale;
    all.push_back(text.str());
  }
  if (largest == 0) all.emplace_back("no parameter has a gradient");
  return all;
}

struct SavedTraining {
  Tensors state, table;
  Json counters;
};

// Trains to the end from one saved moment; where a bit differs from `want`, says so.
inline Violations check_from(const SavedTraining& saved, const Tensors& want,
                             train::FoldTrainer& rest, const std::string& moment) {
  Violations all;
  rest.restore(saved.state, Json::parse(saved.counters.dump()), saved.table);
  while (!rest.finished()) rest.step();
  const Tensors have = rest.state();
  if (have.names() != want.names()) all.emplace_back("the resumed state has other names");
  for (const auto& [name, value] : want)
    if (have.has(name) && !at::equal(value, have.at(name)))
      all.push_back(name + " differs when resumed at " + moment);
  return all;
}

// Stopped at any window end of any stage and continued from the saved state, training ends at the
// same bits.
inline Violations check_resume(const Subject& subject) {
  const int64_t window = std::max<int64_t>(2, subject.contract.min_window);
  train::Plan plan;
  plan.epochs = 1;
  plan.window = window;
  plan.batch = 1;
  plan.lr = 1e-3;
  plan.optimizer.kind = train::OptimizerKind::adam;
  plan.optimizer.weight_decay = 1e-5;
  const auto examples = static_cast<size_t>(2 * window + 1);
  const auto setup = made_up_setup(subject, examples, plan, at::kFloat);
  const MadeUpReader reader(subject.contract, at::kFloat);

  const auto model = fresh(subject, at::kFloat);
  train::FoldTrainer whole(*model, reader, setup);
  const Tensors start = copied(whole.state());
  std::vector<SavedTraining> saved;
  while (!whole.finished())
    if (whole.step().window_end)
      saved.push_back({copied(whole.state()), copied(whole.table()), whole.counters()});
  const Tensors want = copied(whole.state());

  bool learnt = false;
  for (const auto& [name, value] : want)
    learnt = learnt || !start.has(name) || !at::equal(value, start.at(name));
  Violations all;
  if (!learnt) all.emplace_back("nothing was learnt");
  for (size_t i = 0; i + 1 < saved.size(); ++i) {
    const auto again = fresh(subject, at::kFloat);
    train::FoldTrainer rest(*again, reader, setup);
    const auto found = check_from(saved[i], want, rest, "window end " + std::to_string(i + 1));
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

inline void expect_prediction(const Tensors& out, int64_t rows, const std::string& what,
                              Violations& all) {
  if (!out.has("risk") && !out.has("expression")) {
    all.push_back(what + ": neither risk nor expression is predicted");
    return;
  }
  const at::Tensor& value = out.at(out.has("risk") ? "risk" : "expression");
  if (value.size(0) != rows) all.push_back(what + ": not one prediction per example");
  if (!value.isfinite().all().item<bool>()) all.push_back(what + ": a prediction is not finite");
}

// Predictions need no targets, draw nothing at random, and of one example do not depend on the
// others in its batch.
inline Violations check_prediction(const Subject& subject) {
  Violations all;
  const auto model = fresh(subject, at::kDouble);
  model->module().eval();
  const at::NoGradGuard no_grad;
  const MadeUpReader reader(subject.contract, at::kDouble);
  std::vector<std::string> ids{"A", "B", "C"};
  ids.resize(static_cast<size_t>(std::min<int64_t>(3, subject.contract.max_batch)));
  const auto predict = [&](const std::vector<std::string>& some, uint64_t seed) {
    data::Batch batch = reader.read(some, Seed(1));
    batch.targets = {};
    draw_from(Seed(seed));
    return model->predict(batch);
  };
  const Tensors first = predict(ids, 1), second = predict(ids, 2);
  expect_prediction(first, static_cast<int64_t>(ids.size()), "a batch", all);
  if (!all.empty()) return all;
  const char* kind = first.has("risk") ? "risk" : "expression";
  if (!at::equal(first.at(kind), second.at(kind))) all.emplace_back("a prediction is random");
  for (size_t i = 0; i < ids.size(); ++i) {
    const at::Tensor alone = predict({ids[i]}, 1).at(kind);
    if (!at::allclose(alone[0], first.at(kind)[static_cast<int64_t>(i)], 1e-9, 1e-12))
      all.push_back("the prediction of " + ids[i] + " depends on the rest of its batch");
  }
  return all;
}

// Each optional input left out: finite losses with a gradient, and a prediction.
inline Violations check_optional_inputs(const Subject& subject) {
  Violations all;
  for (const auto& input : subject.contract.inputs) {
    if (!input.optional) continue;
    const auto model = fresh(subject, at::kDouble);
    MadeUpReader reader(subject.contract, at::kDouble);
    reader.leave_out(input.name);
    const data::Batch batch = reader.read({"A"}, Seed(1));
    model->module().train();
    recipe::Objective& objective = *model->stages().at(0).objective;
    objective.at({0, 0, 1});
    const Tensors out = objective.forward(batch);
    for (const auto& term : objective.loss(out, batch))
      if (!term.value.isfinite().all().template item<bool>())
        all.push_back("without " + input.name + ": " + term.name + " is not finite");
    model->module().eval();
    expect_prediction(model->predict(batch), 1, "without " + input.name, all);
  }
  return all;
}

}  // namespace tractrix::testing
