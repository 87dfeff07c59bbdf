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
  f("report_every", p.report_every,
    "epochs between two evaluations (and lines of metrics.jsonl, and saves); a stage's last one "
    "always",
    config::at_least(1));
  f("modality_dropout", p.modality_dropout,
    "part of the visits in which a patient with several inputs goes without one that the recipe "
    "can miss",
    config::between(0, 1));
  f("sampling", p.sampling,
    "plain: each training example once an epoch; weighted: with replacement, classes of bin and "
    "event equally often");
  f("accumulation", p.accumulation,
    "mean over the window, or the MCAT lineage's rule for partial windows");
  f.group("optimizer", p.optimizer, "update rule");
  f.group("schedule", p.schedule, "learning rate over time");
  f.require(p.patience == 0 || p.report_every == 1, "report_every",
            "must be 1 with patience, which looks at every epoch");
  f.require(p.batch == 0 || p.window % p.batch == 0, "window", "must be a multiple of batch");
}

}  // namespace tractrix::train
