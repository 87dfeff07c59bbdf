// tractrix eval RUN | predictions.csv ...
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app.hpp"
#include "results.hpp"
#include "tractrix/eval/metrics.hpp"
#include "tractrix/eval/predictions.hpp"
#include "tractrix/report/table.hpp"

namespace tractrix::app {
namespace {

std::vector<std::string> cells_of(const std::string& label, const eval::FoldMetrics& fold) {
  std::vector<std::string> cells{label, std::to_string(fold.patients)};
  if (!fold.concordance) {
    cells.insert(cells.end(), {"undefined: " + fold.reason, "", "", ""});
    return cells;
  }
  const auto& c = *fold.concordance;
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", c.index);
  cells.insert(cells.end(), {text, std::to_string(c.concordant), std::to_string(c.discordant),
                             std::to_string(c.tied_risk)});
  return cells;
}

void evaluate(const std::string& file, const eval::ColumnMap& map) {
  const auto metrics = eval::evaluate(eval::read_predictions(file, map), file);
  report::Table table{{"fold", "N", "C-index", "concordant", "discordant", "tied risk"}, {}};
  for (const auto& fold : metrics.folds)
    table.rows.push_back(cells_of(std::to_string(fold.fold), fold));
  if (metrics.folds.size() > 1) table.rows.push_back(cells_of("pooled", metrics.pooled));
  std::cout << file << "\n" << report::text(table);
  if (metrics.c_index && metrics.c_index->sample_std) {
    std::cout << "mean " << metrics.c_index->mean << ", std " << metrics.c_index->population_std
              << " (population), " << *metrics.c_index->sample_std << " (sample)\n";
  }
}

}  // namespace

void add_eval(CLI::App& app, Outcome&) {
  auto paths = std::make_shared<std::vector<std::string>>();
  auto map = std::make_shared<eval::ColumnMap>();
  auto* command = app.add_subcommand("eval", "metrics of runs or of prediction tables");
  command->add_option("paths", *paths, "run folders or CSV files")->required();
  command->add_option("--id", map->id, "patient column")->capture_default_str();
  command->add_option("--fold-column", map->fold, "fold column")->capture_default_str();
  command->add_option("--time", map->time, "time column")->capture_default_str();
  command->add_option("--event", map->event, "event column (1 = event)")->capture_default_str();
  command->add_option("--censorship", map->censorship, "instead of --event: 1 = censored");
  command->add_option("--risk", map->risk, "risk column")->capture_default_str();
  command->add_flag("--higher-is-longer", map->risk_is_survival,
                    "the score is higher for later events");
  command->footer("example: tractrix eval runs/snn_blca");
  command->callback([paths, map] {
    for (const auto& path : *paths) {
      if (std::filesystem::is_directory(path)) {
        print_results(path);
      } else {
        evaluate(path, *map);
      }
    }
  });
}

}  // namespace tractrix::app
