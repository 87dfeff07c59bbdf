#include "tractrix/recipe/registry.hpp"

namespace tractrix::recipe {
namespace {

const char* text(data::Kind kind) {
  switch (kind) {
    case data::Kind::vector:
      return "a vector";
    case data::Kind::bag:
      return "a bag";
    case data::Kind::image:
      return "an image";
  }
  return "?";
}

}  // namespace

std::unique_ptr<Maker> find_maker(const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  for (const auto& entry : registry()) {
    if (entry.name == name) return entry.maker();
    known.emplace_back(entry.name);
  }
  const std::string near = nearest(name, known);
  throw Error(
      where,
      "there is no recipe '" + name + "'" + (near.empty() ? "" : " (did you mean '" + near + "'?)"),
      "`tractrix ls recipes` lists them: " + enumerate(known, 20));
}

void check(const Contract& contract, const data::Schema& schema, const std::string& where,
           Errors& errors) {
  for (const auto& input : contract.inputs) {
    const auto* offered = schema.inputs.find(input.name);
    if (!offered) {
      if (input.optional) continue;
      errors.add(where,
                 std::string("the recipe needs ") + text(input.kind) + " '" + input.name +
                     "', the cohort offers: " + enumerate(schema.inputs.names()),
                 "add it below data.inputs, or choose a recipe without it");
    } else if (offered->kind != input.kind) {
      errors.add(where, "the recipe needs '" + input.name + "' as " + text(input.kind) +
                            ", the cohort offers " + text(offered->kind));
    }
  }
}

}  // namespace tractrix::recipe
