// tractrix ls [recipes|NAME]
#include <iostream>

#include "app.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::app {
namespace {

void list_recipes() {
  for (const auto& entry : recipe::registry())
    std::cout << entry.name << "\t" << entry.summary << "\n";
}

void describe_recipe(const std::string& name) {
  const auto maker = recipe::find_maker(name, "command line");
  config::Visit visit;
  {
    config::Fields fields(visit, nullptr, "recipe");
    maker->visit(fields);
  }
  std::cout << config::reference(visit.rows);
}

}  // namespace

void add_ls(CLI::App& app, Outcome&) {
  auto what = std::make_shared<std::string>("recipes");
  auto* ls = app.add_subcommand("ls", "recipes of this program, or the options of one");
  ls->add_option("what", *what, "recipes, or the name of one");
  ls->footer("example: tractrix ls fusion");
  ls->callback([what] {
    if (*what == "recipes") {
      list_recipes();
    } else {
      describe_recipe(*what);
    }
  });
}

}  // namespace tractrix::app
