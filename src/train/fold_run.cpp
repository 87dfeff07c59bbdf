#include "tractrix/train/fold_run.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "tractrix/core/file.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/eval/predictions.hpp"
#include "tractrix/survival/concordance.hpp"
#include "tractrix/train/sampling.hpp"
#include "tractrix/train/validation.hpp"

namespace tractrix::train {
namespace fold_run_detail {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::filesystem::path made(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) throw Error(folder.string(), "cannot be created: " + code.message());
  return folder;
}

// Keeps the first `lines` lines: what was written after the last save is computed again.
void cut_back(const std::filesystem::path& file, int64_t lines) {
  if (!std::filesystem::exists(file)) return;
  std::istringstream in(read_file(file));
  std::string kept, line;
  for (int64_t i = 0; i < lines && std::getline(in, line); ++i) kept += line + "\n";
  write_file(file, kept);
}

std::string fixed(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

const char* precision_name(Precision precision) {
  for (const auto& [name, value] : names(precision))
    if (value == precision) return name;
  return "";
}

}  // namespace fold_run_detail

using namespace fold_run_detail;

FoldRun::FoldRun(const RunContext& context, data::Fold fold, std::filesystem::path folder,
                 bool resume)
    : context_(context),
      fold_(std::move(fold)),
      folder_(made(folder)),
      lock_(folder_),
      saved_at_(Clock::now()) {
  build();
  const bool there = std::filesystem::exists(folder_ / "state.safetensors");
  if (there && !resume) {
    throw Error(folder_.string(), "this fold is already there",
                "go on with --resume, or start again with --overwrite");
  }
  remove_leftovers(folder_);
  if (there) restore();
}

void FoldRun::build() {
  const auto& config = *context_.config;
  const auto& sides = config.data.withhold;
  data::Withheld withheld;
  withheld.draw(sides.train, *context_.cohort, fold_.train);
  withheld.draw(sides.reported, *context_.cohort, fold_.inner);
  withheld.draw(sides.reported, *context_.cohort, fold_.val);
  view_ = std::make_unique<data::FoldView>(
      context_.cohort, data::Preparation::fit(*context_.cohort, fold_.train, withheld),
      context_.cache);
  if (!withheld.empty())
    log::info("fold " + std::to_string(fold_.index) + "  withheld: " +
              std::to_string(withheld.size()) + " inputs of patients (data.withhold)");
  view_->withhold(std::move(withheld));
  const auto type = weight_type(config.run.precision);
  view_->to(context_.device, type);
  const Seed run(static_cast<uint64_t>(config.run.seed));
  draw_from(run.at("init").at("fold", static_cast<uint64_t>(fold_.index)));
  recipe_ = config.maker->make(view_->schema());
  cast(recipe_->module(), context_.device, type);
  trainer_ = std::make_unique<FoldTrainer>(*recipe_, *view_, setup());
}

FoldSetup FoldRun::setup() const {
  const auto& config = *context_.config;
  const Seed run(static_cast<uint64_t>(config.run.seed));
  std::vector<int64_t> classes;  // MCAT's joint class: 2 bin + censored
  for (const auto& id : fold_.train) {
    const auto& patient = context_.cohort->patients()[context_.cohort->index(id)];
    classes.push_back(2 * view_->preparation().bin(patient.time) + (patient.event ? 0 : 1));
  }
  const auto weights = balanced_weights(classes);
  std::vector<Example> examples;
  for (size_t i = 0; i < fold_.train.size(); ++i) examples.push_back({fold_.train[i], weights[i]});
  return {config.contract,      config.plans,    std::move(examples),
          config.run.precision, context_.device, run.at("fold", static_cast<uint64_t>(fold_.index)),
          run.at("order")};
}

bool FoldRun::step() {
  if (finished_) return false;
  const auto start = Clock::now();
  const Mark mark = trainer_->step();
  seconds_ += seconds_since(start);
  const bool reports = mark.epoch_end && reported(mark);
  if (reports) {
    end_epoch(mark);
  } else if (mark.epoch_end) {
    ++epochs_done_;
  }
  if (trainer_->finished()) {
    finish();
    return false;
  }
  const bool due = seconds_since(saved_at_) >= context_.config->run.save_every;
  if (reports || (mark.window_end && due)) save();
  return true;
}

// Short epochs (of a cached stage) are reported now and then, a stage's last one always.
bool FoldRun::reported(const Mark& mark) const {
  const auto every = context_.config->plans[static_cast<size_t>(mark.stage)].report_every;
  return mark.stage_end || (mark.epoch + 1) % every == 0;
}

Inference FoldRun::inference() const {
  const auto& config = *context_.config;
  return {config.contract.max_batch, config.run.precision, context_.device};
}

FoldRun::Evaluation FoldRun::evaluate(const std::vector<std::string>& ids, const Mark& mark,
                                      const std::string& side) {
  const auto& config = *context_.config;
  const auto stage = static_cast<size_t>(mark.stage);
  const Seed draws = Seed(static_cast<uint64_t>(config.run.seed))
                         .at("fold", static_cast<uint64_t>(fold_.index))
                         .at("evaluate", side)
                         .at("epoch", static_cast<uint64_t>(epochs_done_));
  ValidationLoss loss(recipe_->stages().at(stage), config.plans[stage].window,
                      config.contract.min_window, draws);
  Evaluation result;
  result.rows = predict(*recipe_, *view_, ids, inference(),
                        [&](const data::Batch& batch) { loss.add(batch); });
  result.score = score(result.rows);
  result.loss = loss.means();
  return result;
}

Json FoldRun::Evaluation::json() const {
  Json out{{"c_index", nullptr}};
  if (score.c_index) {
    out["c_index"] = *score.c_index;
  } else {
    out["reason"] = score.reason;
  }
  Json terms = Json::object();
  for (const auto& [name, value] : loss) terms[name] = value;
  out["loss"] = terms;
  return out;
}

FoldRun::Score FoldRun::score(const std::vector<Predicted>& predicted) const {
  std::vector<double> time, risk;
  std::vector<uint8_t> event;
  for (const auto& row : predicted) {
    const auto& patient = context_.cohort->patients()[context_.cohort->index(row.id)];
    time.push_back(patient.time);
    event.push_back(patient.event);
    risk.push_back(row.risk);
  }
  try {
    return {survival::concordance(time, event, risk).index, {}};
  } catch (const Error& e) {
    return {std::nullopt, e.what()};
  }
}

void FoldRun::end_epoch(const Mark& mark) {
  ++epochs_done_;
  const auto reported = evaluate(fold_.val, mark, "val");
  Json line{{"fold", fold_.index},
            {"stage", context_.config->contract.stages[static_cast<size_t>(mark.stage)]},
            {"epoch", epochs_done_},
            {"step", trainer_->steps_done()}};
  Json terms = Json::object();
  for (const auto& [name, value] : trainer_->ended_terms()) terms[name] = value;
  line["loss"] = terms;
  line["val"] = reported.json();
  // Only the last stage's epochs can be chosen: earlier ones are no finished model.
  const bool choosable = mark.stage + 1 == static_cast<int64_t>(context_.config->plans.size());
  if (!fold_.inner.empty()) {
    const auto inner = evaluate(fold_.inner, mark, "inner");
    line["inner"] = inner.json();
    if (choosable) keep_best(inner_, inner.score, reported.rows);
  }
  if (choosable) keep_best(best_, reported.score, reported.rows);
  line["seconds"] = std::stod(fixed(seconds_, 3));
  append_line(folder_ / "metrics.jsonl", line.dump());
  ++lines_;
  report_epoch(mark, line);
  seconds_ = 0;
  if (mark.stage_end) {
    stage_start_ = epochs_done_;
  } else if (out_of_patience(mark.stage, epochs_done_)) {
    log::info("fold " + std::to_string(fold_.index) +
              "  stopped early: no better inner value for " +
              std::to_string(context_.config->plans[static_cast<size_t>(mark.stage)].patience) +
              " epochs");
    trainer_->end_stage();
    stage_start_ = epochs_done_;
  }
}

void FoldRun::report_epoch(const Mark& mark, const Json& line) const {
  const auto& plan = context_.config->plans[static_cast<size_t>(mark.stage)];
  std::string text = "fold " + std::to_string(fold_.index) + "  epoch " +
                     std::to_string(mark.epoch + 1) + "/" + std::to_string(plan.epochs);
  for (const auto& [name, value] : line["loss"].items())
    text += "  " + name + " " + fixed(value.get<double>(), 4);
  for (const char* name : {"inner", "val"}) {
    if (!line.contains(name)) continue;
    for (const auto& [term, value] : line[name]["loss"].items())
      text += std::string("  ") + name + " " + term + " " + fixed(value.get<double>(), 4);
    const auto& value = line[name]["c_index"];
    text += std::string("  ") + name + " C " +
            (value.is_null() ? "undefined" : fixed(value.get<double>(), 4));
  }
  if (best_.epoch > 0)
    text += "  best " + fixed(best_.value, 4) + " (" + std::to_string(best_.epoch) + ")";
  log::info(text + "  " + fixed(seconds_, 2) + " s");
}

bool FoldRun::out_of_patience(int64_t stage, int64_t epoch) const {
  const int64_t patience = context_.config->plans[static_cast<size_t>(stage)].patience;
  if (patience == 0 || fold_.inner.empty()) return false;
  return epoch - std::max(inner_.epoch, stage_start_) >= patience;
}

void FoldRun::keep_best(Best& best, const Score& score, const std::vector<Predicted>& reported) {
  if (!score.c_index || (best.epoch > 0 && *score.c_index <= best.value)) return;
  best.value = *score.c_index;
  best.epoch = epochs_done_;
  write_files(best.name, reported);  // before the state that speaks of them
}

void FoldRun::write_table(const std::string& name, const std::vector<Predicted>& rows) const {
  eval::Predictions table;
  for (const auto& row : rows) {
    const auto& patient = context_.cohort->patients()[context_.cohort->index(row.id)];
    table.rows.push_back(
        {row.id, fold_.index, patient.time, patient.event, row.risk, row.survival});
  }
  eval::write_predictions(folder_ / ("predictions_" + name + ".csv"), table);
}

void FoldRun::write_files(const std::string& name, const std::vector<Predicted>& reported) {
  write_table(name, reported);
  const auto& config = *context_.config;
  ModelCard card{config.recipe, config.recipe_yaml(), view_->preparation(),
                 Json{{"cohort", config.data.cohort},
                      {"fold", fold_.index},
                      {"epoch", epochs_done_},
                      {"seed", config.run.seed},
                      {"precision", precision_name(config.run.precision)},
                      {"config_sha256", config.sha256()}}};
  Tensors weights;
  for (const auto& item : recipe_->module().named_parameters()) weights[item.key()] = item.value();
  for (const auto& item : recipe_->module().named_buffers()) weights[item.key()] = item.value();
  write_model(folder_ / (name + ".safetensors"), weights, card);
}

// Writes the table of the current cached stage once; what is returned names it in the state.
Json FoldRun::save_table() {
  if (trainer_->table().empty()) return nullptr;
  const std::string stage = trainer_->stage().name;
  if (!table_.is_null() && table_.at("stage") == stage) return table_;
  const std::string file = "table_" + stage + ".safetensors";
  const std::string sum = write_state(folder_ / file, trainer_->table(), {{"stage", stage}});
  return {{"stage", stage}, {"file", file}, {"sha256", sum}};
}

void FoldRun::save() {
  const Json before = table_;
  table_ = save_table();
  const auto best = [](const Best& b) { return Json{{"epoch", b.epoch}, {"value", b.value}}; };
  Json counters{{"trainer", trainer_->counters()},
                {"epochs", epochs_done_},
                {"stage_start", stage_start_},
                {"lines", lines_},
                {"best", best(best_)},
                {"inner", best(inner_)},
                {"seconds", seconds_},
                {"table", table_},
                {"finished", finished_}};
  write_state(folder_ / "state.safetensors", trainer_->state(), counters);
  // No state speaks of the table of a stage that is over.
  if (!before.is_null() && before != table_)
    std::filesystem::remove(folder_ / before.at("file").get<std::string>());
  saved_at_ = Clock::now();
}

Tensors FoldRun::read_table() const {
  if (table_.is_null()) return {};
  const auto file = folder_ / table_.at("file").get<std::string>();
  auto table = read_state(file);
  if (table.sha256 != table_.at("sha256").get<std::string>())
    throw Error(file.string(), "is not the table that state.safetensors speaks of",
                "remove the fold's folder to train it again");
  return std::move(table.tensors);
}

void FoldRun::restore() {
  const auto state = read_state(folder_ / "state.safetensors");
  try {
    const auto& c = state.counters;
    const auto best = [&](Best& b) {
      b.epoch = c.at(b.name).at("epoch").get<int64_t>();
      b.value = c.at(b.name).at("value").get<double>();
    };
    best(best_);
    best(inner_);
    epochs_done_ = c.at("epochs").get<int64_t>();
    stage_start_ = c.at("stage_start").get<int64_t>();
    lines_ = c.at("lines").get<int64_t>();
    seconds_ = c.at("seconds").get<double>();
    table_ = c.at("table");
    finished_ = c.at("finished").get<bool>();
    trainer_->restore(state.tensors, c.at("trainer"), read_table());
  } catch (const Json::exception& e) {
    throw Error((folder_ / "state.safetensors").string(),
                std::string("its counters cannot be read: ") + e.what());
  }
  cut_back(folder_ / "metrics.jsonl", lines_);
  log::info(
      "fold " + std::to_string(fold_.index) +
      (finished_ ? "  already finished" : "  goes on after epoch " + std::to_string(epochs_done_)));
}

void FoldRun::interrupt() {
  if (finished_) return;
  trainer_->drop_window();
  save();
}

void FoldRun::finish() {
  // For thresholds that no reported patient has a say in: the report's risk groups.
  write_table("last_train", predict(*recipe_, *view_, fold_.train, inference()));
  write_files("last", predict(*recipe_, *view_, fold_.val, inference()));
  finished_ = true;
  save();
}

}  // namespace tractrix::train
