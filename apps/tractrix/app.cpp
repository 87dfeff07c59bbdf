#include "app.hpp"

#include <c10/util/Exception.h>

#include <exception>

#include "tractrix/app/run.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/core/version.hpp"

namespace tractrix::app {

std::vector<std::string> overrides(const std::vector<std::string>& words) {
  Errors errors;
  for (const auto& word : words) {
    if (word.find('=') == std::string::npos) {
      errors.add("command line", "'" + word + "' is no override",
                 "write key=value, for example train.lr=1e-4");
    }
  }
  errors.raise();
  return words;
}

namespace {

int parse_and_run(CLI::App& app, Outcome& outcome, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return outcome.code;
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("tractrix: training and evaluation for multimodal computational pathology",
               "tractrix");
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  bool quiet = false, verbose = false;
  app.add_flag("-q,--quiet", quiet, "warnings and errors only");
  app.add_flag("-v,--verbose", verbose, "debug messages, too");
  app.parse_complete_callback([&] {
    if (quiet) log::console_level(log::Level::warn);
    if (verbose) log::console_level(log::Level::debug);
  });
  Outcome outcome;
  for (int i = 0; i < argc; ++i) outcome.command += (i > 0 ? " " : "") + std::string(argv[i]);
  for (auto* add : {add_crossval, add_predict, add_eval, add_report, add_ls, add_config, add_data,
                    add_doctor}) {
    add(app, outcome);
  }
  try {
    return parse_and_run(app, outcome, argc, argv);
  } catch (const Error& e) {
    log::error(e.what());
    return 2;
  } catch (const c10::Error& e) {
    log::error(std::string("internal error: ") + e.what());
    return 70;
  } catch (const std::exception& e) {
    log::error(std::string("internal error: ") + e.what());
    return 70;
  }
}

}  // namespace tractrix::app
