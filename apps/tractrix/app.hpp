// What the commands share. The way in from outside is tractrix/app/run.hpp.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace tractrix::app {

// What a command's callback leaves for main.
struct Outcome {
  int code = 0;
  std::string command;  // the command line, for run.json
};

// Splits what follows a config file into overrides (key=value); anything else is an error with a
// hint.
std::vector<std::string> overrides(const std::vector<std::string>& words);

void add_crossval(CLI::App& app, Outcome& outcome);
void add_eval(CLI::App& app, Outcome& outcome);
void add_predict(CLI::App& app, Outcome& outcome);
void add_report(CLI::App& app, Outcome& outcome);
void add_ls(CLI::App& app, Outcome& outcome);
void add_config(CLI::App& app, Outcome& outcome);
void add_data(CLI::App& app, Outcome& outcome);
void add_doctor(CLI::App& app, Outcome& outcome);

}  // namespace tractrix::app
