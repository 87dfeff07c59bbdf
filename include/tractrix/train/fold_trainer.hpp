// One fold, one batch at a time. Whoever drives it (one fold, folds in lockstep, a signal) decides
// when the next one happens.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "tractrix/core/json.hpp"
#include "tractrix/data/reader.hpp"
#include "tractrix/recipe/recipe.hpp"
#include "tractrix/train/memory.hpp"
#include "tractrix/train/optimizer.hpp"
#include "tractrix/train/plan.hpp"
#include "tractrix/train/precision.hpp"

namespace tractrix::train {

// Stage, epoch, order key: folds in lockstep step the smallest one, so that they meet at the same
// patient.
using Position = std::tuple<int64_t, int64_t, uint64_t>;

struct Example {
  std::string id;
  double weight = 1;  // for weighted sampling
};

struct FoldSetup {
  recipe::Contract contract;
  std::vector<Plan> plans;        // one per stage
  std::vector<Example> examples;  // in cohort order
  Precision precision = Precision::f32;
  at::Device device = at::kCPU;
  Seed fold{0};   // draws of this fold
  Seed order{0};  // of patients; knows no fold
};

struct Mark {
  bool finished = false, window_end = false, epoch_end = false, stage_end = false;
  int64_t stage = 0, epoch = 0;  // that the batch belonged to
};

class FoldTrainer {
 public:
  FoldTrainer(recipe::Recipe& recipe, const data::Reader& reader, FoldSetup setup);
  ~FoldTrainer();

  // One visit: read a batch, forward, maybe backward, maybe an optimizer step. Throws an Error that
  // names the patients when the loss or the gradient is not finite, or when memory runs out; the
  // weights are then those of the last window end.
  Mark step();
  bool finished() const { return stage_ == static_cast<int64_t>(stages_.size()); }
  Position position() const;
  double done() const;  // part of all epochs of all stages, from 0 to 1
  int64_t steps_done() const { return total_steps_; }
  double lr() const;
  // Ends the current stage at once (early stopping); only between windows.
  void end_stage();

  // Forgets the batches of an open window, which are computed again later to the same bits.
  void drop_window();
  bool at_window_start() const { return cursor_ == 0 && !learning_; }
  // Everything needed to go on, by name; only between windows. A cached stage's table is large and
  // stays as it is while the stage lasts, so it is kept apart; empty before it is filled.
  Tensors state() const;
  Json counters() const;
  const Tensors& table() const { return table_; }
  void restore(const Tensors& state, const Json& counters, const Tensors& table = {});

  // Means of the loss terms over the examples of the epoch that ended last.
  const Named<double>& ended_terms() const { return ended_terms_; }
  const recipe::Stage& stage() const { return stages_.at(static_cast<size_t>(stage_)); }

 private:
  struct Visit {
    uint64_t key;
    std::string id;
  };
  struct Note {
    std::string term;
    at::Tensor value;  // scalar, double
    bool counts;       // false: a diagnostic
    std::vector<std::string> ids;
  };
  struct Sum {
    double value = 0, examples = 0;
  };
  const Plan& plan() const { return setup_.plans[static_cast<size_t>(stage_)]; }
  recipe::Objective& objective() const { return *stage().objective; }
  void enter_stage();
  void make_optimizer();
  void order_epoch();
  double epochs_of(const Plan& plan) const;
  double epochs_of_stage_done() const;
  int64_t windows() const;      // per epoch
  int64_t stage_steps() const;  // optimizer steps of the whole stage
  void open_window();           // splits its visits into batches
  std::string left_out(const Visit& visit, const std::vector<std::string>& present) const;
  bool fill_table();
  bool two_pass() const;
  data::Batch fetch(const std::vector<std::string>& ids, size_t number) const;
  void prefetch_next() const;
  void look(const data::Batch& batch);
  void close_first_pass();
  void learn(const data::Batch& batch);
  int64_t divisor() const;  // examples by which a window's loss is divided
  void note(const recipe::Terms& terms, const std::vector<std::string>& ids);
  void settle(const at::Tensor& norm);
  Mark finish_window();
  void advance(Mark& mark);
  void keep_buffers();
  void restore_buffers();
  Named<double> epoch_terms() const;
  std::string place() const;  // "stage main, epoch 3, step 41" for messages

  recipe::Recipe* recipe_;
  const data::Reader* reader_;
  FoldSetup setup_;
  MemoryWatch memory_;
  std::vector<recipe::Stage> stages_;
  std::unique_ptr<Optimizer> optimizer_;
  int64_t stage_ = 0, epoch_ = 0, step_ = 0, window_ = 0, total_steps_ = 0;
  size_t cursor_ = 0;
  bool learning_ = false;
  std::vector<Visit> visits_;
  std::vector<std::vector<std::string>> batches_;  // of the open window
  std::vector<std::string> without_;               // the input each goes without; empty: none
  std::vector<Tensors> rows_;                      // coupled outputs of the window, batch by batch
  std::vector<data::Batch> seen_;                  // its ids and targets
  Tensors cotangents_, table_, buffers_, carry_;
  std::vector<Note> pending_;  // loss terms of the open window
  Named<Sum> sums_;            // of the open epoch
  Named<double> ended_terms_;
};

}  // namespace tractrix::train
