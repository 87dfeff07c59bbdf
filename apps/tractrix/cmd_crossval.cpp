// tractrix crossval CONFIG [key=value ...], tractrix train CONFIG --fold K
#include "app.hpp"
#include "results.hpp"

#include "tractrix/core/error.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/tensor/process.hpp"
#include "tractrix/train/cross_validation.hpp"
#include "tractrix/train/interrupt.hpp"

namespace tractrix::app {
namespace {

struct RunArguments {
  std::string config;
  std::vector<std::string> words;
  std::vector<int64_t> folds;
  std::string device;
  bool resume = false, overwrite = false, dry_run = false;
};

train::RunConfig load(const RunArguments& arguments) {
  auto assignments = overrides(arguments.words);
  if (!arguments.device.empty()) assignments.push_back("run.device=" + arguments.device);
  return train::RunConfig::load(arguments.config, assignments);
}

void run_folds(const RunArguments& arguments, Outcome& outcome) {
  if (arguments.resume && arguments.overwrite)
    throw Error("command line", "--resume and --overwrite exclude each other");
  const auto config = load(arguments);
  tune_process(config.run.threads);
  train::watch_signals();
  train::CrossValidationOptions options;
  options.existing = arguments.resume      ? train::Existing::resume
                     : arguments.overwrite ? train::Existing::overwrite
                                           : train::Existing::refuse;
  options.folds = arguments.folds;
  options.dry_run = arguments.dry_run;
  options.command = outcome.command;
  const auto result = train::cross_validate(config, options);
  if (result.interrupted) {
    log::warn("stopped; `" + outcome.command + (arguments.resume ? "" : " --resume") +
              "` goes on from here");
    outcome.code = 75;
  } else if (!options.dry_run) {
    print_results(result.folder);
  }
}

void add_common(CLI::App& command, RunArguments& arguments) {
  command.add_option("config", arguments.config, "YAML file")->required();
  command.add_option("overrides", arguments.words, "key=value, for example train.lr=1e-4");
  command.add_option("--device", arguments.device, "auto, cpu or cuda");
  command.add_flag("--resume", arguments.resume, "go on with a run that was stopped");
  command.add_flag("--overwrite", arguments.overwrite, "throw away a run of this name");
  command.add_flag("--dry-run", arguments.dry_run, "check everything, train nothing");
}

}  // namespace

void add_crossval(CLI::App& app, Outcome& outcome) {
  auto arguments = std::make_shared<RunArguments>();
  auto* crossval = app.add_subcommand("crossval", "train and evaluate every fold of a split");
  add_common(*crossval, *arguments);
  crossval->add_option("--fold", arguments->folds, "only these folds (may be repeated)")
      ->allow_extra_args(false);
  crossval->footer("example: tractrix crossval configs/snn/blca.yaml train.lr=1e-4");
  crossval->callback([arguments, &outcome] { run_folds(*arguments, outcome); });

  auto one = std::make_shared<RunArguments>();
  auto* train = app.add_subcommand("train", "train one fold of a split");
  add_common(*train, *one);
  train->add_option("--fold", one->folds, "the fold")->required()->allow_extra_args(false);
  train->footer("example: tractrix train configs/snn/blca.yaml --fold 0");
  train->callback([one, &outcome] { run_folds(*one, outcome); });
}

}  // namespace tractrix::app
