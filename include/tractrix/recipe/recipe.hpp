// The seam between models and everything else: a recipe sees batches and its own options, a trainer
// sees only this.
#pragma once

#include <torch/nn/module.h>

#include <string>
#include <vector>

#include "tractrix/data/batch.hpp"

namespace tractrix::recipe {

struct Input {
  std::string name;
  data::Kind kind = data::Kind::vector;
  bool optional = false;
};

// What a configured recipe asks for; known from the config alone, before any tensor exists.
struct Contract {
  std::vector<Input> inputs;
  std::vector<std::string> targets;
  std::vector<std::string> stages{"main"};
  int64_t max_batch = 1;   // examples per forward pass
  int64_t min_window = 1;  // examples per optimizer step that its losses need (Cox: 2)
};

// weight 0: a diagnostic that is only logged.
struct Term {
  std::string name;
  at::Tensor value;  // scalar
  double weight = 1;
};
using Terms = std::vector<Term>;

struct Progress {
  int64_t epoch = 0, step = 0, steps = 0;  // steps: of the whole stage
};

// Something to minimise. forward and loss are pure: no state changes, draws only from the current
// stream.
class Objective {
 public:
  virtual ~Objective() = default;
  // Named outputs.
  virtual Tensors forward(const data::Batch& batch) = 0;
  // Mean over the rows of one batch; may use anything in out.
  virtual Terms loss(const Tensors& out, const data::Batch& batch) = 0;
  // Outputs with one row per example that tie a window together.
  virtual std::vector<std::string> coupled() const { return {}; }
  // Cox, ranking, contrast: rows [W, ...] of the coupled outputs; window holds ids and targets.
  virtual Terms window_loss(const Tensors& /*rows*/, const data::Batch& /*window*/) { return {}; }
  // A cached stage starts: latent scale, prototypes, k-means.
  virtual void begin(const Tensors& /*table*/) {}
  // Annealing and warm-up switches: functions of counters, never state.
  virtual void at(const Progress& /*progress*/) {}
  // The only place where state changes: memory bank, EMA, clamps.
  virtual void after_step(const Tensors& /*rows*/, const data::Batch& /*window*/) {}
};

// Applies to parameters whose name starts with prefix; the last match wins.
struct ParameterRule {
  std::string prefix;
  bool train = true, decay = true;
  std::string manifold = {};
};

struct Stage {
  std::string name;
  Objective* objective = nullptr;
  // Set: run once over all training examples (eval mode, no graph); its rows are the stage's
  // inputs.
  Objective* cached = nullptr;
  std::vector<ParameterRule> rules = {};
};

class Recipe : public Objective {
 public:
  // All weights and all state, by name.
  virtual torch::nn::Module& module() = 0;
  virtual std::vector<Stage> stages() { return {{"main", this}}; }
  // risk [B], survival [B, K], expression [B, G], attention.*, embedding.*
  virtual Tensors predict(const data::Batch& batch) = 0;
};

}  // namespace tractrix::recipe
