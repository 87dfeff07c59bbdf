// tractrix ls [recipes|encoders|losses|NAME]
#include <iostream>
#include <set>

#include "app.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::app {
namespace {

void list_recipes() {
  for (const auto& entry : recipe::registry())
    std::cout << entry.name << "\t" << entry.summary << "\n";
}

std::vector<config::Row> options(const std::string& name) {
  const auto maker = recipe::find_maker(name, "command line");
  config::Visit visit;
  {
    config::Fields fields(visit, nullptr, "recipe");
    maker->visit(fields);
  }
  return visit.rows;
}

// The choices of every recipe under one of these names: encoders and losses belong to recipes, so
// their options are the one place that lists them.
void list_choices(const std::set<std::string>& names) {
  for (const auto& entry : recipe::registry()) {
    for (const auto& row : options(entry.name)) {
      const bool choice = row.type.find(" | ") != std::string::npos;
      if (choice && names.contains(row.path.substr(row.path.rfind('.') + 1)))
        std::cout << entry.name << "\t" << row.path << "\t" << row.type << "\n";
    }
  }
}

}  // namespace

void add_ls(CLI::App& app, Outcome&) {
  auto what = std::make_shared<std::string>("recipes");
  auto* ls = app.add_subcommand(
      "ls", "recipes, encoders and losses of this program, or the options of a recipe");
  ls->add_option("what", *what, "recipes, encoders, losses, or the name of a recipe");
  ls->footer("example: tractrix ls fusion");
  ls->callback([what] {
    if (*what == "recipes") {
      list_recipes();
    } else if (*what == "encoders") {
      list_choices({"encoder"});
    } else if (*what == "losses") {
      list_choices({"head", "loss", "metric"});
    } else {
      std::cout << config::reference(options(*what));
    }
  });
}

}  // namespace tractrix::app
