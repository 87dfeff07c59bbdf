// tractrix crossval CONFIG [key=value ...], tractrix train CONFIG --fold K
#include <algorithm>
#include <numeric>
#include <set>
#include <thread>

#include "app.hpp"
#include "results.hpp"
#include "sweep.hpp"
#include "workers.hpp"

#include "tractrix/core/error.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/report/run_summary.hpp"
#include "tractrix/tensor/process.hpp"
#include "tractrix/train/cross_validation.hpp"
#include "tractrix/train/interrupt.hpp"

namespace tractrix::app {
namespace {

struct RunArguments {
  std::string config;
  std::vector<std::string> words, sweeps;
  std::vector<int64_t> folds, seeds;
  std::string device;
  int64_t jobs = 1;
  bool resume = false, overwrite = false, dry_run = false, worker = false, grid = false;
};

// With this point's values over those of the command line.
std::vector<std::string> words_of(const RunArguments& arguments,
                                  const std::vector<std::string>& more) {
  auto words = overrides(arguments.words);
  if (!arguments.device.empty()) words.push_back("run.device=" + arguments.device);
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

train::Existing existing(const RunArguments& arguments) {
  return arguments.resume      ? train::Existing::resume
         : arguments.overwrite ? train::Existing::overwrite
                               : train::Existing::refuse;
}

std::vector<Worker> workers_of(const RunArguments& arguments, const train::RunConfig& config,
                               const std::vector<std::string>& words,
                               const std::filesystem::path& folder) {
  auto folds = arguments.folds;
  if (folds.empty()) {
    folds.resize(static_cast<size_t>(config.split.folds));
    std::iota(folds.begin(), folds.end(), int64_t{0});
  }
  std::vector<Worker> workers;
  for (int64_t k : folds) {
    const auto number = std::to_string(k);
    Worker worker{"fold " + number, {"tractrix", "crossval", arguments.config}, {}};
    worker.argv.insert(worker.argv.end(), words.begin(), words.end());
    for (const std::string& word :
         {std::string("--fold"), number, std::string("--resume"), std::string("--worker")})
      worker.argv.push_back(word);
    worker.log = folder / ("fold_" + number) / "log.txt";
    workers.push_back(std::move(worker));
  }
  return workers;
}

train::CrossValidationResult run_once(const RunArguments& arguments,
                                      const std::vector<std::string>& words,
                                      const std::string& command) {
  const auto config = train::RunConfig::load(arguments.config, words);
  tune_process(config.run.threads);
  train::CrossValidationOptions options;
  options.existing = existing(arguments);
  options.folds = arguments.folds;
  options.dry_run = arguments.dry_run;
  options.train = arguments.jobs == 1;
  options.worker = arguments.worker;
  options.command = command;
  const int64_t cores = std::thread::hardware_concurrency();
  if (arguments.jobs > 1 && arguments.jobs * std::max<int64_t>(1, config.run.threads) > cores)
    log::warn(std::to_string(arguments.jobs) + " jobs share " + std::to_string(cores) +
              " cores; the number of threads is not changed, because bits depend on it");
  auto result = train::cross_validate(config, options);
  if (options.train || options.dry_run) return result;
  log::to_file(result.folder / "log.txt");
  result.interrupted =
      run_workers(workers_of(arguments, config, words, result.folder), arguments.jobs);
  log::to_file({});
  return result;
}

void say_resumable(const RunArguments& arguments, Outcome& outcome) {
  if (!arguments.worker)
    log::warn("stopped; `" + outcome.command + (arguments.resume ? "" : " --resume") +
              "` goes on from here");
  outcome.code = 75;
}

// Every point is checked before the first one runs; a mistake of all of them is said once.
std::vector<SweepPoint> checked_points(const RunArguments& arguments,
                                       const std::filesystem::path& name) {
  std::vector<SweepPoint> points;
  std::set<std::string> hashes, messages;
  Errors errors;
  for (auto& point : sweep_points(arguments.sweeps, arguments.grid, arguments.seeds)) {
    try {
      point.assignments.push_back("run.name=" + (name / point.folder).string());
      const auto config =
          train::RunConfig::load(arguments.config, words_of(arguments, point.assignments));
      if (hashes.insert(config.sha256()).second) {
        points.push_back(std::move(point));
      } else {
        log::info(point.folder + " equals an earlier point");
      }
    } catch (const Error& e) {
      if (messages.insert(e.what()).second) errors.add(e);
    }
  }
  errors.raise();
  return points;
}

void run_sweep(const RunArguments& arguments, Outcome& outcome) {
  const auto base = train::RunConfig::load(arguments.config, words_of(arguments, {}));
  const auto folder = base.run.out / base.run.name;
  const auto points = checked_points(arguments, base.run.name);
  if (std::filesystem::exists(folder / "run.json"))
    throw Error(folder.string(), "is a single run", "choose another run.name for the sweep");
  if (is_sweep(folder) && existing(arguments) == train::Existing::refuse)
    throw Error(folder.string(), "this sweep is already there",
                "go on with --resume, start again with --overwrite, or choose another run.name");
  if (!arguments.dry_run) {
    if (is_sweep(folder) && arguments.overwrite) std::filesystem::remove_all(folder);
    write_sweep(folder, points);
  }
  for (size_t i = 0; i < points.size(); ++i) {
    log::info("run " + std::to_string(i + 1) + " of " + std::to_string(points.size()) + ": " +
              points[i].folder);
    const auto words = words_of(arguments, points[i].assignments);
    const auto result = run_once(arguments, words, outcome.command);
    if (result.interrupted || train::interrupted()) {
      say_resumable(arguments, outcome);
      return;
    }
    if (!arguments.dry_run) report::write(report::summarize(result.folder));
  }
  if (!arguments.dry_run) print_sweep(folder);
}

void run_folds(const RunArguments& arguments, Outcome& outcome) {
  if (arguments.resume && arguments.overwrite)
    throw Error("command line", "--resume and --overwrite exclude each other");
  train::watch_signals();
  if (!arguments.seeds.empty() || !arguments.sweeps.empty()) {
    run_sweep(arguments, outcome);
    return;
  }
  const auto result = run_once(arguments, words_of(arguments, {}), outcome.command);
  if (result.interrupted) {
    say_resumable(arguments, outcome);
  } else if (!arguments.dry_run && !arguments.worker) {
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
  crossval->add_option("--jobs", arguments->jobs, "folds trained at once, each in its own process")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  crossval->add_option("--seeds", arguments->seeds, "repeat the whole with each seed: 1,2,3")
      ->delimiter(',')
      ->allow_extra_args(false);
  crossval->add_option("--sweep", arguments->sweeps, "key=v1,v2: a run per value; may be repeated")
      ->allow_extra_args(false);
  crossval->add_flag("--grid", arguments->grid, "all combinations of the swept values");
  crossval->add_flag("--worker", arguments->worker)->group("");  // started by --jobs
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
