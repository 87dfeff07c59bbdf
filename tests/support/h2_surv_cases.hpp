// The recipe `h2_surv` in small, configured by YAML, on made-up patients.
#pragma once

#include <memory>
#include <string>

#include "support/recipe_cases.hpp"
#include "support/recipe_properties.hpp"

namespace tractrix::test {

inline const std::string kSmallH2 =
    "dim: 16\nattention: 8\nomics: {widths: [16, 16]}\n"
    "transformer: {layers: 1, heads: 2, feedforward: 16}\n";

inline testing::Subject h2_subject(const std::string& yaml, const std::string& name = "h2_surv") {
  const config::Node node = config::parse((name == "h2_surv" ? kSmallH2 : "") + yaml, "test.yaml");
  config::Visit visit;
  std::shared_ptr<recipe::Maker> maker = recipe::find_maker(name, "test");
  {
    config::Fields fields(visit, &node, "recipe");
    maker->visit(fields);
  }
  visit.errors.raise();
  at::set_num_threads(1);
  return {name + " " + yaml, maker->contract(),
          [maker](const data::Schema& schema) { return maker->make(schema); }};
}

inline train::Plan h2_plan(int64_t window, double lr) {
  train::Plan plan;
  plan.epochs = 3;
  plan.window = window;
  plan.batch = 1;
  plan.lr = lr;
  plan.optimizer.kind = train::OptimizerKind::adam;
  plan.optimizer.weight_decay = 1e-5;
  return plan;
}

// Trains on made-up patients; returns the last epoch's terms.
inline Named<double> train_h2(const testing::Subject& subject, recipe::Recipe& model,
                              const train::Plan& plan, size_t patients, at::ScalarType type) {
  const testing::MadeUpReader reader(subject.contract, type);
  train::FoldTrainer trainer(model, reader, testing::made_up_setup(subject, patients, plan, type));
  while (!trainer.finished()) trainer.step();
  return trainer.ended_terms();
}

}  // namespace tractrix::test
