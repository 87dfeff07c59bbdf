// From a name and a config section to a recipe.
#pragma once

#include <memory>
#include <string>

#include "tractrix/config/fields.hpp"
#include "tractrix/recipe/recipe.hpp"
#include "tractrix/recipe/registry_entry.hpp"

namespace tractrix::recipe {

// A recipe that is configured but not yet built.
class Maker {
 public:
  virtual ~Maker() = default;
  virtual void visit(config::Fields& fields) = 0;
  virtual Contract contract() const = 0;
  virtual std::unique_ptr<Recipe> make(const data::Schema& schema) const = 0;
};

// Throws an Error with the nearest known name.
std::unique_ptr<Maker> find_maker(const std::string& name, const std::string& where);

// Adds one error per input of the contract that the schema lacks or has with another kind.
void check(const Contract& contract, const data::Schema& schema, const std::string& where,
           Errors& errors);

template <class R, class C>
class MakerOf final : public Maker {
 public:
  void visit(config::Fields& f) override { fields(f, config_); }
  Contract contract() const override { return R::contract(config_); }
  std::unique_ptr<Recipe> make(const data::Schema& schema) const override {
    return std::make_unique<R>(config_, schema);
  }

 private:
  C config_;
};

}  // namespace tractrix::recipe

// Last line of a recipe file: its name (= the file's), one sentence for `tractrix ls`, its class,
// its options.
#define TRACTRIX_RECIPE(NAME, SUMMARY, RECIPE, CONFIG)                              \
  tractrix::recipe::Entry tractrix_recipe_##NAME();                                 \
  tractrix::recipe::Entry tractrix_recipe_##NAME() {                                \
    return {#NAME, SUMMARY, []() -> std::unique_ptr<tractrix::recipe::Maker> {      \
              return std::make_unique<tractrix::recipe::MakerOf<RECIPE, CONFIG>>(); \
            }};                                                                     \
  }
