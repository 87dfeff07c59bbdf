// tractrix report RUN ... [--table FILE] [--format md,csv,tex,html] [--out FOLDER]
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app.hpp"
#include "sweep.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/report/described_table.hpp"
#include "tractrix/report/document.hpp"
#include "tractrix/report/page.hpp"
#include "tractrix/report/run_table.hpp"
#include "tractrix/report/table_figures.hpp"

namespace tractrix::app {
namespace report_command {

struct Arguments {
  std::vector<std::filesystem::path> runs;
  std::vector<std::string> labels;
  std::string formats;
  std::filesystem::path out, table;
  std::string selection = "last";
  bool no_figures = false;
};

// A sweep stands for the runs below it.
std::vector<std::filesystem::path> run_folders(const std::vector<std::filesystem::path>& given) {
  std::vector<std::filesystem::path> folders;
  for (const auto& path : given) {
    if (!is_sweep(path)) {
      folders.push_back(path);
      continue;
    }
    for (const auto& run : sweep_runs(path)) folders.push_back(run);
  }
  return folders;
}

void write_document(const report::Document& document, const Arguments& arguments) {
  const auto formats = report::read_formats(
      !arguments.formats.empty() ? arguments.formats
                                 : (arguments.out.empty() ? "md" : "md,csv,tex,html"));
  if (arguments.out.empty()) {
    if (formats.size() > 1)
      throw Error("--format " + arguments.formats, "several formats need a folder",
                  "add --out FOLDER");
    std::cout << report::render(document, formats.front());
    return;
  }
  std::filesystem::create_directories(arguments.out);
  for (const auto format : formats) {
    const auto file = arguments.out / (std::string("report.") + report::ending(format));
    write_file(file, report::render(document, format));
    log::info("written: " + file.string());
  }
}

// Runs below folders, by the table's patterns; labels are the table's own.
report::Document described(const Arguments& arguments) {
  if (!arguments.labels.empty())
    throw Error("--label", "labels are written in the table's file",
                "leave --label or --table out");
  const auto table = report::fill(report::read_table_file(arguments.table), arguments.runs);
  return arguments.out.empty() || arguments.no_figures ? report::table_document(table)
                                                       : report::table_page(table, arguments.out);
}

void run(const Arguments& arguments) {
  if (!arguments.table.empty()) {
    write_document(described(arguments), arguments);
    return;
  }
  const auto runs = report::read_runs(run_folders(arguments.runs), arguments.labels);
  if (arguments.out.empty() || arguments.no_figures) {
    write_document(report::run_document(runs), arguments);
    return;
  }
  auto selection = report::Selection::last;
  for (const auto& [name, value] : report::names(selection))
    if (arguments.selection == name) selection = value;
  write_document(report::page(runs, selection, arguments.out), arguments);
}

}  // namespace report_command

void add_report(CLI::App& app, Outcome&) {
  auto arguments = std::make_shared<report_command::Arguments>();
  auto* command = app.add_subcommand("report", "tables and figures of one or several runs");
  command
      ->add_option("runs", arguments->runs,
                   "run folders of crossval; with --table also folders of them")
      ->required();
  command->add_option("--label", arguments->labels, "a run's name in the table; once per run")
      ->allow_extra_args(false);
  command->add_option("--table", arguments->table, "YAML file that says which rows and columns");
  command->add_option("--format", arguments->formats,
                      "some of md,csv,tex,html; all of them with --out, else md");
  command->add_option("--out", arguments->out, "folder; without it standard output");
  command->add_option("--selection", arguments->selection, "of the figures: last, inner or best")
      ->capture_default_str()
      ->check(CLI::IsMember({"last", "inner", "best"}));
  command->add_flag("--no-figures", arguments->no_figures, "tables only");
  command->footer("example: tractrix report runs/snn_blca runs/mlp_blca --out reports/blca");
  command->callback([arguments] { report_command::run(*arguments); });
}

}  // namespace tractrix::app
