// tractrix predict MODEL.safetensors|RUN [key=value ...]: trained models on a cohort.
#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/core/png.hpp"
#include "tractrix/data/attention_file.hpp"
#include "tractrix/data/splits.hpp"
#include "tractrix/eval/metrics.hpp"
#include "tractrix/eval/predictions.hpp"
#include "tractrix/report/heat_map.hpp"
#include "tractrix/report/table.hpp"
#include "tractrix/tensor/process.hpp"
#include "tractrix/train/predictor.hpp"

namespace tractrix::app {
namespace predict_detail {

namespace fs = std::filesystem;

struct Arguments {
  fs::path model, config, out = "predictions.csv", attention, heat_maps, as_run;
  std::vector<std::string> words;
  std::vector<int64_t> folds;
  std::string select = "last", patients, device, missing = "error";
  bool ensemble = false;
};

// A model file, or those of a run: the chosen epoch of each fold.
std::vector<fs::path> model_files(const Arguments& a) {
  if (fs::is_regular_file(a.model)) {
    if (!a.folds.empty())
      throw Error("--fold", "chooses among the folds of a run; " + a.model.string() + " is a file");
    return {a.model};
  }
  if (!fs::exists(a.model / "run.json"))
    throw Error(a.model.string(), "is neither a model file nor a run's folder",
                "for example runs/snn_blca or runs/snn_blca/fold_0/last.safetensors");
  std::vector<fs::path> files;
  std::vector<int64_t> folds = a.folds;
  if (folds.empty()) {
    for (int64_t k = 0; fs::exists(a.model / ("fold_" + std::to_string(k))); ++k)
      folds.push_back(k);
  }
  Errors errors;
  for (int64_t k : folds) {
    files.push_back(a.model / ("fold_" + std::to_string(k)) / (a.select + ".safetensors"));
    if (!fs::exists(files.back()))
      errors.add(files.back().string(), "is not there",
                 "is the fold finished? --select last, best or inner chooses the epoch");
  }
  errors.raise();
  if (files.empty()) throw Error(a.model.string(), "has no fold");
  return files;
}

// Without --config: that of the run the model lies in.
fs::path config_file(const Arguments& a) {
  if (!a.config.empty()) return a.config;
  const auto run =
      fs::is_directory(a.model) ? a.model : fs::absolute(a.model).parent_path().parent_path();
  if (fs::exists(run / "config.yaml")) return run / "config.yaml";
  throw Error(a.model.string(), "lies in no run: whose patients are to be predicted?",
              "name the cohort with --config COHORT.yaml");
}

std::vector<std::string> everyone(const data::Cohort& cohort) {
  std::vector<std::string> ids;
  for (const auto& patient : cohort.patients()) ids.push_back(patient.id);
  return ids;
}

// Patients of one side of the model's fold, as the run saw them.
std::vector<std::string> side_of(const std::string& side, const train::PredictConfig& config,
                                 const data::Cohort& cohort, const Json& facts) {
  if (side == "all") return everyone(cohort);
  if (!config.split)
    throw Error("--patients " + side, "the config has no section 'split'", "--patients all");
  const auto seed = Seed(facts.value("seed", uint64_t{1}));
  const auto splits = data::read_splits(*config.split, cohort, seed);
  const auto fold = static_cast<size_t>(facts.value("fold", int64_t{0}));
  if (fold >= splits.folds.size())
    throw Error("--patients " + side, "the split has no fold " + std::to_string(fold));
  const auto& chosen = splits.folds[fold];
  return side == "val" ? chosen.val : side == "inner" ? chosen.inner : chosen.train;
}

void add_rows(eval::Predictions& table, int64_t fold, const std::vector<train::Predicted>& rows,
              const data::Cohort& cohort) {
  for (const auto& row : rows) {
    const auto& patient = cohort.patients()[cohort.index(row.id)];
    eval::PredictionRow out{row.id, fold, {}, {}, row.risk, row.survival};
    if (patient.labelled) {
      out.time = patient.time;
      out.event = patient.event;
    }
    table.rows.push_back(std::move(out));
  }
}

// One picture per slide: the mean over the rows (heads, classes, gene groups) of its attention.
void draw_heat_map(const fs::path& file, const data::SlideAttention& slide) {
  if (!slide.coords.defined() || slide.patch_size <= 0) {
    log::warn("no heat map of slide " + slide.slide + ": its features have no coordinates");
    return;
  }
  const auto values = [](const at::Tensor& t) {
    const at::Tensor all = t.to(at::kDouble).contiguous();
    return std::vector<double>(all.const_data_ptr<double>(),
                               all.const_data_ptr<double>() + all.numel());
  };
  fs::create_directories(file.parent_path());
  write_file(file, png(report::heat_map({values(slide.coords.select(1, 0)),
                                         values(slide.coords.select(1, 1)),
                                         values(slide.weights.mean(0)), slide.patch_size})));
}

void add_attention(const Arguments& a, data::AttentionWriter* writer, int64_t fold,
                   const std::vector<train::Predicted>& rows, const data::Cohort& cohort) {
  for (const auto& row : rows) {
    for (const auto& [input, weights] : row.attention) {
      const auto* bags = cohort.bags().find(input);
      if (!bags) continue;
      for (const auto& slide : data::by_slide(*bags, cohort.index(row.id), weights, row.id)) {
        if (writer) writer->add(fold, input, slide);
        if (a.heat_maps.empty()) continue;
        draw_heat_map(a.heat_maps / ("fold_" + std::to_string(fold)) / (slide.slide + ".png"),
                      slide);
      }
    }
  }
}

// One row per patient, in the order they first come: the mean of the models' risks. Survival
// curves are left out, as each fold's model has time bins of its own.
eval::Predictions ensemble(const eval::Predictions& all) {
  eval::Predictions means;
  std::map<std::string, std::pair<size_t, double>> place;  // row, number of models
  for (const auto& row : all.rows) {
    const auto [found, fresh] = place.try_emplace(row.id, means.rows.size(), 0.0);
    if (fresh) {
      means.rows.push_back(row);
      means.rows.back().fold = 0;
      means.rows.back().risk = 0;
      means.rows.back().survival.clear();
    }
    auto& mean = means.rows[found->second.first];
    mean.risk += (row.risk - mean.risk) / ++found->second.second;
  }
  return means;
}

// The C-index of those with a label, fold by fold; a metric that is undefined says why.
void print_metrics(const eval::Predictions& all) {
  eval::Predictions labelled;
  for (const auto& row : all.rows)
    if (row.time && row.event) labelled.rows.push_back(row);
  if (labelled.rows.empty()) {
    std::cout << "no patient has a label: nothing to compare the risks with\n";
    return;
  }
  const auto metrics = eval::evaluate(labelled, "the predictions");
  report::Table table{{"fold", "N", "events", "C-index"}, {}};
  const auto add = [&](const std::string& label, const eval::FoldMetrics& fold) {
    char text[32] = "undefined";
    if (fold.concordance) std::snprintf(text, sizeof text, "%.6f", fold.concordance->index);
    table.rows.push_back({label, std::to_string(fold.patients), std::to_string(fold.events), text});
    if (!fold.concordance) log::warn("fold " + label + ": " + fold.reason);
  };
  for (const auto& fold : metrics.folds) add(std::to_string(fold.fold), fold);
  std::cout << report::text(table);
}

std::string side_wanted(const Arguments& a) {
  const auto side = !a.patients.empty() ? a.patients : a.config.empty() ? "val" : "all";
  if (a.ensemble && side != "all")
    throw Error("--ensemble", "a fold's own patients have the prediction of one model only",
                "--patients all, or another cohort with --config");
  return side;
}

// A folder that reports read like that of a run: what the run's models say under other conditions.
void write_as_run(const Arguments& a, const eval::Predictions& table,
                  const std::map<int64_t, Json>& facts) {
  if (!fs::exists(a.model / "run.json"))
    throw Error("--as-run", "needs a run's folder, " + a.model.string() + " is none");
  if (fs::exists(a.as_run / "run.json") && !read_json(a.as_run / "run.json").contains("models_of"))
    throw Error(a.as_run.string(), "holds a run that was trained; it is not written over");
  Json run = read_json(a.model / "run.json");
  run["models_of"] = fs::absolute(a.model).lexically_normal().string();
  run["command"] = "predict " + a.model.string();
  for (const auto& word : a.words) run["command"] = std::string(run["command"]) + " " + word;
  for (const auto& [fold, card] : facts) {
    eval::Predictions own;
    for (const auto& row : table.rows)
      if (row.fold == fold) own.rows.push_back(row);
    const auto folder = a.as_run / ("fold_" + std::to_string(fold));
    fs::create_directories(folder);
    eval::write_predictions(folder / "predictions_last.csv", own);
    const Json line{{"fold", fold}, {"epoch", card.value("epoch", int64_t{0})}};
    write_file(folder / "metrics.jsonl", line.dump() + "\n");
  }
  write_file(a.as_run / "config.yaml", read_file(a.model / "config.yaml"));
  write_file(a.as_run / "run.json", run.dump(2) + "\n");
}

train::PredictConfig config_of(const Arguments& a) {
  auto words = overrides(a.words);
  if (!a.device.empty()) words.push_back("run.device=" + a.device);
  return train::PredictConfig::load(config_file(a), words);
}

std::shared_ptr<const data::Cohort> cohort_of(const data::DataOptions& options) {
  auto cohort =
      std::make_shared<data::Cohort>(data::Cohort::load(options, data::Labelling::optional));
  for (const auto& note : cohort->notes()) log::warn(note);
  if (cohort->synthetic()) log::warn("no real slide features were used: the bags are synthetic");
  return cohort;
}

struct Everything {
  eval::Predictions table;
  std::map<int64_t, Json> facts;  // of each fold's model
};

Everything predict_all(const Arguments& a, const std::vector<fs::path>& files,
                       const train::PredictConfig& config,
                       const std::shared_ptr<const data::Cohort>& cohort) {
  const auto side = side_wanted(a);
  const auto device = train::choose_device(config.run.device);
  const auto cache =
      std::make_shared<data::BagCache>(static_cast<uint64_t>(config.run.cache_gib * (1ull << 30)));
  const auto absent =
      a.missing == "error" ? data::AbsentColumns::error : data::AbsentColumns::train_mean;
  const bool wanted = !a.attention.empty() || !a.heat_maps.empty();
  std::optional<data::AttentionWriter> attention;
  if (!a.attention.empty()) attention.emplace(a.attention);
  Everything all;
  bool attended = false;
  for (const auto& file : files) {
    train::Predictor predictor(train::read_model(file), cohort, cache, device, absent,
                               file.string());
    const auto ids = side_of(side, config, *cohort, predictor.card().facts);
    const auto& sides = config.data.withhold;
    predictor.withhold(side == "train" ? sides.train : sides.reported, ids);
    const auto rows = predictor.predict(ids, wanted);
    add_rows(all.table, predictor.fold(), rows, *cohort);
    add_attention(a, attention ? &*attention : nullptr, predictor.fold(), rows, *cohort);
    all.facts[predictor.fold()] = predictor.card().facts;
    for (const auto& row : rows) attended = attended || !row.attention.empty();
  }
  if (wanted && !attended)
    throw Error(a.attention.empty() ? "--heatmaps" : "--attention",
                "this recipe returns no attention", "bag encoders do");
  if (attention) attention->finish();
  return all;
}

void predict(const Arguments& a) {
  if (a.ensemble && !a.as_run.empty())
    throw Error("--as-run", "keeps the folds apart, --ensemble joins them", "choose one");
  const auto files = model_files(a);
  const auto config = config_of(a);
  tune_process(config.run.threads);
  const auto all = predict_all(a, files, config, cohort_of(config.data));
  if (!a.as_run.empty()) write_as_run(a, all.table, all.facts);
  const auto table = a.ensemble ? ensemble(all.table) : all.table;
  eval::write_predictions(a.out, table);
  std::cout << "wrote " << a.out.string() << ": " << table.rows.size() << " predictions of "
            << files.size() << " models\n";
  print_metrics(table);
}

}  // namespace predict_detail

void add_predict(CLI::App& app, Outcome&) {
  using predict_detail::Arguments;
  auto a = std::make_shared<Arguments>();
  auto* command = app.add_subcommand("predict", "trained models on a cohort, labels optional");
  command->add_option("model", a->model, "model file (.safetensors) or run folder")->required();
  command->add_option("overrides", a->words, "key=value of data, split and run");
  command->add_option("--config", a->config,
                      "config of the cohort; default: that of the model's run");
  command->add_option("--fold", a->folds, "only these folds of a run (may be repeated)")
      ->allow_extra_args(false);
  command->add_option("--select", a->select, "epoch: last, best or inner")
      ->capture_default_str()
      ->check(CLI::IsMember({"last", "best", "inner"}));
  command
      ->add_option("--patients", a->patients,
                   "all, or a side of the model's fold: val, inner, train (default: all with "
                   "--config, val without)")
      ->check(CLI::IsMember({"all", "val", "inner", "train"}));
  command->add_option("--out", a->out, "table to write")->capture_default_str();
  command->add_option("--as-run", a->as_run,
                      "also write a folder that `report` and `eval` read like a run's");
  command->add_option("--attention", a->attention, "HDF5 file of attention, slide by slide");
  command->add_option("--heatmaps", a->heat_maps,
                      "folder for a PNG of each slide's attention, by fold");
  command->add_flag("--ensemble", a->ensemble,
                    "one row per patient, the mean of the models' risks; with patients all");
  command
      ->add_option("--missing-columns", a->missing, "columns the cohort lacks: error, train_mean")
      ->capture_default_str()
      ->check(CLI::IsMember({"error", "train_mean"}));
  command->add_option("--device", a->device, "auto, cpu or cuda");
  command->footer("example: tractrix predict runs/snn_blca --config other.yaml --out other.csv");
  command->callback([a] { predict_detail::predict(*a); });
}

}  // namespace tractrix::app
