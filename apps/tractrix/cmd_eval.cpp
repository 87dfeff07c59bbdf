// tractrix eval RUN | predictions.csv ...
#include <iostream>
#include <map>

#include "app.hpp"
#include "results.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/eval/predictions.hpp"
#include "tractrix/report/run_summary.hpp"
#include "tractrix/survival/concordance.hpp"

namespace tractrix::app {
namespace {

struct Labelled {
  std::vector<double> time, risk;
  std::vector<uint8_t> event;
};

void add_row(report::Table& table, const std::string& label, const Labelled& rows,
             std::vector<double>& values) {
  std::vector<std::string> cells{label, std::to_string(rows.time.size())};
  try {
    const auto c = survival::concordance(rows.time, rows.event, rows.risk);
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", c.index);
    cells.insert(cells.end(), {text, std::to_string(c.concordant), std::to_string(c.discordant),
                               std::to_string(c.tied_risk)});
    values.push_back(c.index);
  } catch (const Error& e) {
    cells.insert(cells.end(), {"undefined: " + std::string(e.what()), "", "", ""});
  }
  table.rows.push_back(std::move(cells));
}

void evaluate(const std::string& file, const eval::ColumnMap& map) {
  std::map<int64_t, Labelled> folds;
  Labelled pooled;
  for (const auto& row : eval::read_predictions(file, map).rows) {
    if (!row.time || !row.event)
      throw Error(file, "patient '" + row.id + "' has no label: nothing to compare with");
    for (auto* to : {&folds[row.fold], &pooled}) {
      to->time.push_back(*row.time);
      to->event.push_back(*row.event);
      to->risk.push_back(row.risk);
    }
  }
  report::Table table{{"fold", "N", "C-index", "concordant", "discordant", "tied risk"}, {}};
  std::vector<double> values, ignored;
  for (const auto& [fold, rows] : folds) add_row(table, std::to_string(fold), rows, values);
  if (folds.size() > 1) add_row(table, "pooled", pooled, ignored);
  std::cout << file << "\n" << report::text(table);
  if (values.size() == folds.size() && folds.size() > 1) {
    const auto s = report::spread(values);
    std::cout << "mean " << *s.mean << ", std " << *s.population_std << " (population), "
              << *s.sample_std << " (sample)\n";
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
