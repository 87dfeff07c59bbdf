// tractrix_bench step: one optimizer step of any registered recipe (read, forward, loss, backward,
// update, dropout on) on made-up examples, and the same recipe with other options as its reference.
#include <ATen/ATen.h>

#include "bench.hpp"
#include "made_up.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/recipe/registry.hpp"
#include "tractrix/train/fold_trainer.hpp"

namespace tractrix::bench {
namespace {

struct StepOptions {
  std::string recipe;
  std::vector<std::string> options, reference;
  std::vector<int64_t> patches{1024};
  int64_t window = 1, batch = 0;
  bool f64 = false;
};

std::unique_ptr<recipe::Maker> maker_of(const std::string& name,
                                        const std::vector<std::string>& options) {
  auto maker = recipe::find_maker(name, "--recipe");
  config::Node root;
  root.type = config::Node::Type::map;
  for (const auto& option : options) config::apply_override(root, option);
  config::Visit visit;
  {
    config::Fields fields(visit, &root, "");
    maker->visit(fields);
  }
  visit.errors.raise();
  return maker;
}

// A recipe in training, one optimizer step per turn.
class Side {
 public:
  Side(const StepOptions& o, const std::vector<std::string>& options, int64_t patches)
      : maker_(maker_of(o.recipe, options)),
        reader_(maker_->contract(), {std::max<int64_t>(o.window, 1), patches},
                o.f64 ? at::kDouble : at::kFloat) {
    draw_from(Seed(1));
    recipe_ = maker_->make(reader_.schema());
    if (o.f64) cast(recipe_->module(), at::kCPU, at::kDouble);
    train::FoldSetup setup;
    setup.contract = maker_->contract();
    train::Plan plan;
    plan.epochs = 1000000;
    plan.window = o.window;
    plan.batch = o.batch;
    setup.plans.assign(setup.contract.stages.size(), plan);
    for (const auto& id : reader_.ids()) setup.examples.push_back({id});
    setup.precision = o.f64 ? train::Precision::f64 : train::Precision::f32;
    trainer_ = std::make_unique<train::FoldTrainer>(*recipe_, reader_, std::move(setup));
  }
  void turn() {
    while (!trainer_->step().window_end) {
    }
  }

 private:
  std::unique_ptr<recipe::Maker> maker_;
  MadeUp reader_;
  std::unique_ptr<recipe::Recipe> recipe_;
  std::unique_ptr<train::FoldTrainer> trainer_;
};

void run_case(const StepOptions& o, int64_t patches, const Options& options) {
  Side ours(o, o.options, patches);
  std::unique_ptr<Side> reference;
  if (!o.reference.empty()) {
    auto settings = o.options;
    settings.insert(settings.end(), o.reference.begin(), o.reference.end());
    reference = std::make_unique<Side>(o, settings, patches);
  }
  std::function<void()> other;
  if (reference) other = [&] { reference->turn(); };
  const auto times = alternate([&] { ours.turn(); }, other, options.rounds);
  auto j =
      line("step",
           o.recipe + " patches=" + std::to_string(patches) + " window=" + std::to_string(o.window),
           times);
  j["dtype"] = o.f64 ? "float64" : "float32";
  const Cost cost = observe([&] { ours.turn(); });
  j["peak_bytes"] = cost.peak_bytes;
  j["flops"] = cost.flops;
  j["gflops"] = 1e-9 * static_cast<double>(cost.flops) / times.ours;
  static const double peak = gemm_peak_gflops();  // of the process, not of a case
  j["gemm_peak_gflops"] = peak;
  if (reference) {
    const Cost theirs = observe(other);
    j["reference_peak_bytes"] = theirs.peak_bytes;
    j["reference_flops"] = theirs.flops;
  }
  print(j);
}

}  // namespace

void add_step(CLI::App& app, Options& options) {
  auto o = std::make_shared<StepOptions>();
  auto* verb = app.add_subcommand("step", "one optimizer step of a recipe on made-up examples");
  verb->add_option("--recipe", o->recipe, "its name (tractrix ls)")->required();
  verb->add_option("--patches", o->patches, "patches per bag; several sizes are several cases");
  verb->add_option("--window", o->window, "patients per step")->check(CLI::Range(1, 100000));
  verb->add_option("--batch", o->batch, "patients per forward pass; 0: as many as it can");
  verb->add_flag("--f64", o->f64, "double precision");
  verb->add_option("--reference", o->reference, "options of the other side, key=value");
  verb->add_option("--set", o->options, "options of the recipe on both sides, key=value");
  verb->footer(
      "example: tractrix_bench step --recipe fusion --patches 1024 4096 "
      "--set pathology.encoder=abmil --reference pathology.encoder=mean");
  verb->callback([o, &options] {
    for (const int64_t patches : o->patches) run_case(*o, patches, options);
  });
}

}  // namespace tractrix::bench
