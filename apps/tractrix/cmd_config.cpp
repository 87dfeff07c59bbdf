// tractrix config show|check|reference
#include <iostream>

#include "app.hpp"
#include "tractrix/data/spatial/spatial_config.hpp"
#include "tractrix/train/run_config.hpp"

namespace tractrix::app {

void add_config(CLI::App& app, Outcome&) {
  auto* config = app.add_subcommand("config", "look at configs without running them");
  config->require_subcommand(1);
  struct Arguments {
    std::string file;
    std::vector<std::string> words;
  };
  const auto add = [&](const char* name, const char* help) {
    auto arguments = std::make_shared<Arguments>();
    auto* command = config->add_subcommand(name, help);
    command->add_option("config", arguments->file, "YAML file")->required();
    command->add_option("overrides", arguments->words, "key=value");
    return std::pair(command, arguments);
  };
  auto [show, shown] = add("show", "every value and where it was written");
  show->callback([a = shown] {
    const auto words = overrides(a->words);
    std::cout << (spatial::SpatialConfig::recognises(a->file, words)
                      ? spatial::SpatialConfig::load(a->file, words).resolved
                      : train::RunConfig::load(a->file, words).yaml());
  });
  auto [check, checked] = add("check", "all errors at once");
  check->callback([a = checked] {
    const auto words = overrides(a->words);
    if (spatial::SpatialConfig::recognises(a->file, words)) {
      spatial::SpatialConfig::load(a->file, words);
    } else {
      train::RunConfig::load(a->file, words);
    }
    std::cout << a->file << ": ok\n";
  });
  config->add_subcommand("reference", "every option as Markdown")->callback([] {
    std::cout << train::config_reference() << spatial::config_reference();
  });
}

}  // namespace tractrix::app
