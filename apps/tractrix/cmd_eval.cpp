// tractrix eval RUN | predictions.csv ... [--against OTHER]
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app.hpp"
#include "eval_print.hpp"
#include "results.hpp"
#include "sweep.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/eval/evaluation_json.hpp"

namespace tractrix::app {
namespace eval_detail {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> paths, select, by, only, against_only;
  std::string against, train, clinical, clinical_id, csv, separator = ",", bootstrap = "fold_mean";
  eval::ColumnMap map;
  eval::Settings settings;
  eval::CompareOptions compare;
  std::optional<double> tau, calibration_time;
  bool json = false;
};

char separator_of(const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() == 1) return text[0];
  throw Error("--separator", "'" + text + "' is no separator", "one character, or tab");
}

std::vector<std::pair<std::string, std::string>> conditions(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& word : words) {
    const size_t equal = word.find('=');
    if (equal == std::string::npos)
      throw Error("--only", "'" + word + "' is no condition", "column=value");
    all.emplace_back(word.substr(0, equal), word.substr(equal + 1));
  }
  return all;
}

// column or column:50,65.
eval::Grouping grouping_of(const Arguments& a, const std::string& by) {
  const size_t colon = by.find(':');
  std::vector<double> cuts;
  for (size_t begin = colon; begin != std::string::npos;) {
    const size_t end = by.find(',', ++begin);
    const auto cut = parse_number(by.substr(begin, end - begin));
    if (!cut) throw Error("--by", "'" + by + "' holds a cut point that is no number", "age:50,65");
    cuts.push_back(*cut);
    begin = end;
  }
  return eval::read_grouping(a.clinical, a.clinical_id.empty() ? a.map.id : a.clinical_id,
                             by.substr(0, colon), cuts, a.map.separator);
}

struct Item {
  std::string selection;  // empty for a table
  eval::Source source;
};

std::vector<Item> items_of(const std::string& path, const Arguments& a,
                           const std::vector<std::string>& only) {
  auto map = a.map;
  map.only = conditions(only);
  std::vector<Item> items;
  if (!fs::is_directory(path)) {
    items.push_back({"", eval::table_source(path, map)});
    for (const auto& condition : only) items.back().source.where += ", " + condition;
  } else {
    for (const auto& selection : a.select.empty() ? eval::selections_of(path) : a.select)
      items.push_back({selection, eval::run_source(path, selection)});
  }
  map.only.clear();
  if (!a.train.empty())
    for (auto& item : items) eval::add_training(item.source, a.train, map);
  return items;
}

struct Output {
  std::string text, csv;
  Json json = Json::array();
};

void add_item(const Item& item, const Arguments& a, Output& out) {
  auto evaluation = eval::evaluate(item.source, a.settings);
  if (item.selection == "best")
    evaluation.notes.push_back(
        "best: the epoch is chosen on the patients that it is evaluated on: optimistic");
  out.text += "\n" + item.source.where + "\n" + shown(evaluation, !a.settings.times.empty());
  out.csv += eval::csv_rows(item.source.where, evaluation);
  Json json = eval::to_json(evaluation);
  json["subgroups"] = Json::array();
  for (const auto& by : a.by) {
    const auto subgroups = eval::evaluate_subgroups(item.source, a.settings, grouping_of(a, by));
    out.text += "\n" + shown(subgroups);
    for (const auto& group : subgroups) {
      const std::string name = item.source.where + ", " + group.column + " " + group.value;
      out.csv += eval::csv_rows(name, group.evaluation);
      Json entry{{"column", group.column}, {"value", group.value}};
      entry.update(eval::to_json(group.evaluation));
      json["subgroups"].push_back(std::move(entry));
    }
  }
  Json entry{{"input", item.source.where}};
  if (!item.selection.empty()) entry["selection"] = item.selection;
  entry.update(json);
  out.json.push_back(std::move(entry));
}

// Each selection against the same one of the other run; a table against the other's last epoch.
void add_comparison(const Item& item, const Arguments& a, const std::vector<Item>& others,
                    Output& out) {
  const Item* other = &others.front();
  for (const auto& candidate : others)
    if (candidate.selection == item.selection) other = &candidate;
  const bool mixed = !item.selection.empty() && !other->selection.empty();
  if (mixed && item.selection != other->selection) {
    const std::string reason = a.against + " has no selection '" + item.selection + "'";
    out.text += "\nno comparison: " + reason + "\n";
    out.json.back()["comparison"] = {{"value", nullptr}, {"reason", reason}};
    return;
  }
  const auto comparison = eval::compare(item.source, other->source, a.compare);
  out.text += "\n" + shown(comparison);
  out.json.back()["comparison"] = eval::to_json(comparison);
}

void print(const std::string& text) { std::cout << text << std::flush; }

void run(Arguments a) {
  a.map.separator = separator_of(a.separator);
  a.settings.tau = a.tau;
  a.settings.calibration_time = a.calibration_time;
  a.compare.level = a.settings.level;
  a.compare.bootstrap =
      a.bootstrap == "pooled" ? eval::BootstrapOf::pooled : eval::BootstrapOf::fold_mean;
  if (!a.by.empty() && a.clinical.empty())
    throw Error("--by", "needs the table with this column", "--clinical TABLE");
  if (a.by.empty() && !a.clinical.empty())
    throw Error("--clinical", "needs the columns of the subgroups", "--by COLUMN");
  std::vector<Item> others;
  if (!a.against.empty())
    others = items_of(a.against, a, a.against_only.empty() ? a.only : a.against_only);
  Output out;
  for (const auto& path : a.paths) {
    if (fs::is_directory(path) && is_sweep(path)) {
      if (a.json) throw Error(path, "is a sweep, which has no --json", "name one of its runs");
      print_results(path);
      continue;
    }
    if (fs::is_directory(path) && !a.json) print_results(path);
    for (const auto& item : items_of(path, a, a.only)) {
      add_item(item, a, out);
      if (!others.empty()) add_comparison(item, a, others, out);
    }
  }
  if (!a.csv.empty()) write_file(a.csv, eval::csv_header() + out.csv);
  print(a.json ? out.json.dump(2) + "\n" : out.text);
}

void add_columns(CLI::App& command, Arguments& a) {
  command.add_option("--id", a.map.id, "patient column")->capture_default_str();
  command.add_option("--fold-column", a.map.fold, "fold column")->capture_default_str();
  command.add_option("--time", a.map.time, "time column")->capture_default_str();
  command.add_option("--event", a.map.event, "event column (1 = event)")->capture_default_str();
  command.add_option("--censorship", a.map.censorship, "instead of --event: 1 = censored");
  command.add_option("--risk", a.map.risk, "risk column")->capture_default_str();
  command.add_flag("--higher-is-longer", a.map.risk_is_survival,
                   "the score is higher for later events");
  command.add_option("--only", a.only, "column=value: only these rows (may be repeated)")
      ->allow_extra_args(false);
  command.add_option("--separator", a.separator, "of the tables: one character, or tab")
      ->capture_default_str();
}

void add_settings(CLI::App& command, Arguments& a) {
  command.add_option("--select", a.select, "epochs of a run (default: all there are)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"last", "inner", "best"}));
  command.add_option("--times", a.settings.times, "t1,t2: of AUC and Brier (deciles of events)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--tau", a.tau, "limit of Uno's index and the restricted mean (last time)");
  command.add_option("--edges", a.settings.edges, "e0,e1,..,eK: the bins of S_t1 .. S_tK")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--calibration-time", a.calibration_time,
                     "default: the middle one of --times");
  command.add_option("--calibration-groups", a.settings.calibration_groups, "quantile groups")
      ->capture_default_str();
  command.add_option("--level", a.settings.level, "of the intervals")->capture_default_str();
  command.add_option("--train", a.train,
                     "labels of the cohort: censoring weights of each fold from "
                     "the patients that it does not evaluate");
  command.add_option("--clinical", a.clinical, "table with the columns of the subgroups");
  command.add_option("--clinical-id", a.clinical_id, "its patient column (default: --id)");
  command.add_option("--by", a.by, "column of --clinical, or column:50,65 (may be repeated)")
      ->allow_extra_args(false);
}

void add_comparing(CLI::App& command, Arguments& a) {
  command.add_option("--against", a.against, "run or table to compare with, patient by patient");
  command.add_option("--against-only", a.against_only, "as --only, for --against")
      ->allow_extra_args(false);
  command.add_flag("--common", a.compare.common, "leave out patients that only one side has");
  command.add_option("--bootstrap", a.bootstrap, "difference: fold_mean or pooled")
      ->capture_default_str()
      ->check(CLI::IsMember({"fold_mean", "pooled"}));
  command.add_option("--replicates", a.compare.replicates, "resamples; 0: no bootstrap")
      ->capture_default_str();
  command.add_option("--seed", a.compare.seed, "of the bootstrap")->capture_default_str();
}

}  // namespace eval_detail

void add_eval(CLI::App& app, Outcome&) {
  auto a = std::make_shared<eval_detail::Arguments>();
  auto* command = app.add_subcommand("eval", "metrics of runs or of prediction tables");
  command->add_option("paths", a->paths, "run folders or CSV files")->required();
  eval_detail::add_columns(*command, *a);
  eval_detail::add_settings(*command, *a);
  eval_detail::add_comparing(*command, *a);
  command->add_flag("--json", a->json, "JSON on standard output instead of tables");
  command->add_option("--csv", a->csv, "also write every number to this file");
  command->footer(
      "examples: tractrix eval runs/snn_blca\n"
      "          tractrix eval runs/cmta_blca --against runs/mcat_blca\n"
      "          tractrix eval risks.csv --time months --censorship censorship --only cohort=blca");
  command->callback([a] { eval_detail::run(*a); });
}

}  // namespace tractrix::app
