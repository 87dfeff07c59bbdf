#include "tractrix/train/cross_validation.hpp"

#include <ATen/Parallel.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>

#include "tractrix/core/file.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/core/version.hpp"
#include "tractrix/train/fold_run.hpp"
#include "tractrix/train/interrupt.hpp"
#include "tractrix/train/predictor.hpp"
#include "tractrix/train/progress.hpp"

namespace tractrix::train {
namespace cross_validation_detail {

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

Json run_facts(const RunConfig& config, const data::Cohort& cohort, const data::Splits& splits,
               const CrossValidationOptions& options) {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  Json tables = Json::object();
  for (const auto& [file, hash] : cohort.hashes()) tables[file] = hash;
  Json notes = cohort.notes();
  return {{"tractrix", version()},
          {"libtorch", TORCH_VERSION},
          {"command", options.command},
          {"config_sha256", config.sha256()},
          {"tables_sha256", tables},
          {"splits_sha256", splits.sha256},
          {"seed", config.run.seed},
          {"threads", at::get_num_threads()},
          {"host", host},
          {"cpu", cpu_model()},
          {"cohort", config.data.cohort},
          {"patients", cohort.size()},
          {"events", cohort.events()},
          {"folds", config.split.folds},
          {"bins", std::to_string(config.data.bins.count) +
                       (config.data.bins.fit == data::BinFit::cohort ? " from the whole cohort"
                                                                     : " from each training fold")},
          {"synthetic", cohort.synthetic()},
          {"notes", notes}};
}

void describe(const RunConfig& config, const data::Cohort& cohort, const data::Splits& splits,
              const at::Device& device) {
  log::info(config.data.cohort + ": " + std::to_string(cohort.size()) + " patients, " +
            std::to_string(cohort.events()) + " events");
  for (const auto& note : cohort.notes()) log::warn(note);
  for (const auto& fold : splits.folds) {
    log::debug("fold " + std::to_string(fold.index) + ": train " +
               std::to_string(fold.train.size()) + ", inner " + std::to_string(fold.inner.size()) +
               ", val " + std::to_string(fold.val.size()));
  }
  if (cohort.synthetic()) log::warn("no real slide features were used: the bags are synthetic");
  log::info("recipe " + config.recipe + ", seed " + std::to_string(config.run.seed) + ", " +
            std::to_string(at::get_num_threads()) + " threads, " + device.str() +
            ", LibTorch " TORCH_VERSION);
}

void check_contract(const RunConfig& config, const data::Cohort& cohort,
                    const data::Splits& splits) {
  Errors errors;
  recipe::check(config.contract,
                data::Preparation::fit(cohort, splits.folds.front().train).schema(),
                "recipe " + config.recipe, errors);
  check_patients(config.contract, cohort, config.recipe, errors);
  check_withheld(config.contract, config.data.withhold, config.recipe, errors);
  errors.raise();
}

// Always the fold that is furthest behind: folds meet at the same patient, whose bag is read once.
bool train_in_lockstep(std::vector<std::unique_ptr<FoldRun>>& runs) {
  ProgressLine progress;
  while (true) {
    FoldRun* next = nullptr;
    double done = 0;
    for (const auto& run : runs) {
      done += run->done();
      if (!run->finished() && (!next || run->position() < next->position())) next = run.get();
    }
    progress.update(done / static_cast<double>(runs.size()));
    if (!next) return false;
    if (interrupted()) break;
    next->step();
  }
  for (const auto& run : runs) run->interrupt();
  return true;
}

std::vector<int64_t> chosen_folds(const CrossValidationOptions& options, int64_t count) {
  std::vector<int64_t> folds = options.folds;
  if (folds.empty()) {
    folds.resize(static_cast<size_t>(count));
    std::iota(folds.begin(), folds.end(), int64_t{0});
  }
  for (int64_t k : folds) {
    if (k < 0 || k >= count)
      throw Error("--fold " + std::to_string(k),
                  "the split has the folds 0 to " + std::to_string(count - 1));
  }
  return folds;
}

}  // namespace cross_validation_detail

CrossValidationResult cross_validate(const RunConfig& config,
                                     const CrossValidationOptions& options) {
  using namespace cross_validation_detail;
  RunContext context;
  context.config = &config;
  context.device = choose_device(config.run.device);
  auto cohort = std::make_shared<data::Cohort>(data::Cohort::load(config.data));
  context.cohort = cohort;
  const auto splits =
      data::read_splits(config.split, *cohort, Seed(static_cast<uint64_t>(config.run.seed)));
  check_contract(config, *cohort, splits);
  const auto chosen = chosen_folds(options, config.split.folds);
  if (options.dry_run) {
    describe(config, *cohort, splits, context.device);
    return {config.run.out / config.run.name, false};
  }
  RunFolder folder(config.run.out / config.run.name, options.existing,
                   options.share || !options.folds.empty(), config.yaml(),
                   run_facts(config, *cohort, splits, options));
  const auto logs = options.worker ? folder.fold(chosen.front()) : folder.path();
  std::filesystem::create_directories(logs);
  log::to_file(logs / "log.txt");
  if (!options.worker) describe(config, *cohort, splits, context.device);
  if (!options.train) {
    log::to_file({});
    return {folder.path(), false};
  }
  context.cache =
      std::make_shared<data::BagCache>(static_cast<uint64_t>(config.run.cache_gib * (1ull << 30)));
  std::vector<std::unique_ptr<FoldRun>> runs;
  for (int64_t k : chosen) {
    runs.push_back(std::make_unique<FoldRun>(context, splits.folds[static_cast<size_t>(k)],
                                             folder.fold(k), options.existing == Existing::resume));
  }
  const bool stopped = train_in_lockstep(runs);
  log::to_file({});
  return {folder.path(), stopped};
}

}  // namespace tractrix::train
