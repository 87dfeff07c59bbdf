#include "tractrix/train/plan.hpp"

namespace tractrix::train {

void fields(config::Fields& f, Plan& p) {
  f("epochs", p.epochs, "passes over the training fold", config::at_least(0));
  f("steps", p.steps, "optimizer steps instead of epochs, when > 0", config::at_least(0));
  f("batch", p.batch, "examples per forward pass; 0: as many as the recipe and the window allow",
    config::at_least(0));
  f("window", p.window, "examples per optimizer step", config::at_least(1));
  f("lr", p.lr, "learning rate", config::above(0));
  f("clip", p.clip, "largest gradient norm; 0: no clipping", config::at_least(0));
  f("patience", p.patience,
    "epochs without a better inner-validation value before the stage ends; 0: never",
    config::at_least(0));
  f("sampling", p.sampling,
    "plain: each training example once an epoch; weighted: with replacement, classes of bin and "
    "event equally often");
  f("accumulation", p.accumulation,
    "mean over the window, or the MCAT lineage's rule for partial windows");
  f.group("optimizer", p.optimizer, "update rule");
  f.group("schedule", p.schedule, "learning rate over time");
  f.require(p.batch == 0 || p.window % p.batch == 0, "window", "must be a multiple of batch");
}

}  // namespace tractrix::train
