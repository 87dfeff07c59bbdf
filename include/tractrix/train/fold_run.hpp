// One fold with its folder: trains, evaluates at every epoch's end, writes everything a reader of
// the run needs, and can be killed at any moment.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/data/fold_view.hpp"
#include "tractrix/data/splits.hpp"
#include "tractrix/train/checkpoint.hpp"
#include "tractrix/train/fold_trainer.hpp"
#include "tractrix/train/inference.hpp"
#include "tractrix/train/run_config.hpp"
#include "tractrix/train/run_folder.hpp"

namespace tractrix::train {

// What the folds of a run share.
struct RunContext {
  const RunConfig* config = nullptr;
  std::shared_ptr<const data::Cohort> cohort;
  std::shared_ptr<data::BagCache> cache;
  at::Device device = at::kCPU;
};

class FoldRun {
 public:
  // Takes the folder's lock; goes on from state.safetensors when resume is set and the file is
  // there.
  FoldRun(const RunContext& context, data::Fold fold, std::filesystem::path folder, bool resume);

  // One batch. Returns false when the fold is done and all its files are written.
  bool step();
  bool finished() const { return finished_; }
  Position position() const { return trainer_->position(); }
  double done() const { return finished_ ? 1 : trainer_->done(); }  // from 0 to 1
  // Drops the open window and saves; the run goes on later with --resume to the same bits.
  void interrupt();

 private:
  // Best epoch by one criterion, its files named <name>.safetensors and predictions_<name>.csv.
  struct Best {
    std::string name;
    int64_t epoch = 0;  // 0: none yet
    double value = 0;
  };
  struct Score {
    std::optional<double> c_index;
    std::string reason;  // why it is undefined
  };

  void build();
  void restore();
  FoldSetup setup() const;
  bool reported(const Mark& mark) const;
  void end_epoch(const Mark& mark);
  void keep_best(Best& best, const Score& score, const std::vector<Predicted>& reported);
  void write_table(const std::string& name, const std::vector<Predicted>& rows) const;
  void write_files(const std::string& name, const std::vector<Predicted>& reported);
  // Predictions, index and loss of one pass over patients that are not trained on.
  struct Evaluation {
    std::vector<Predicted> rows;
    Score score;
    Named<double> loss;
    Json json() const;
  };
  Evaluation evaluate(const std::vector<std::string>& ids, const Mark& mark,
                      const std::string& side);
  Inference inference() const;
  Score score(const std::vector<Predicted>& predicted) const;
  bool out_of_patience(int64_t stage, int64_t epoch) const;
  void save();
  Json save_table();
  Tensors read_table() const;
  void finish();
  void report_epoch(const Mark& mark, const Json& line) const;

  RunContext context_;
  data::Fold fold_;
  std::filesystem::path folder_;
  FolderLock lock_;
  std::unique_ptr<data::FoldView> view_;
  std::unique_ptr<recipe::Recipe> recipe_;
  std::unique_ptr<FoldTrainer> trainer_;
  Best best_{"best"}, inner_{"inner"};
  Json table_;  // stage, file and checksum of the cached stage's table; null: none
  int64_t epochs_done_ = 0, stage_start_ = 0, lines_ = 0;
  bool finished_ = false;
  double seconds_ = 0;  // spent on the epoch so far
  std::chrono::steady_clock::time_point saved_at_;
};

}  // namespace tractrix::train
