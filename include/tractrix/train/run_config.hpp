// A whole config file: recipe, data, split, train, run. Read once, checked as a whole, all errors
// at once.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tractrix/config/fields.hpp"
#include "tractrix/data/options.hpp"
#include "tractrix/recipe/registry.hpp"
#include "tractrix/train/plan.hpp"
#include "tractrix/train/precision.hpp"

namespace tractrix::train {

enum class DeviceChoice { automatic, cpu, cuda };
constexpr std::pair<const char*, DeviceChoice> kDeviceChoices[] = {
    {"auto", DeviceChoice::automatic}, {"cpu", DeviceChoice::cpu}, {"cuda", DeviceChoice::cuda}};
constexpr auto& names(DeviceChoice) { return kDeviceChoices; }

struct RunOptions {
  std::string name;  // default: <config's folder>_<config's file>
  std::filesystem::path out = "runs";
  int64_t seed = 1;
  int64_t threads = 0;  // 0: all cores
  DeviceChoice device = DeviceChoice::automatic;
  Precision precision = Precision::f32;
  double save_every = 300;  // seconds between two saves within an epoch
  double cache_gib = 2;     // bags kept in memory
};
void fields(config::Fields& f, RunOptions& o);

struct RunConfig {
  std::string recipe;
  std::unique_ptr<recipe::Maker> maker;
  recipe::Contract contract;
  data::DataOptions data;
  data::SplitOptions split;
  std::vector<Plan> plans;  // one per stage of the contract
  RunOptions run;

  std::vector<config::Row> rows;
  std::string yaml() const { return config::dump(rows); }
  // The recipe's options alone, as the header of a model file keeps them.
  std::string recipe_yaml() const;
  // Of all values that may change a number; run.name, run.out, run.save_every and run.cache_gib may
  // differ.
  std::string sha256() const;

  // Throws one Error with every finding: unknown keys, ranges, stages the recipe does not have, a
  // window its loss cannot use.
  static RunConfig load(const std::filesystem::path& file,
                        const std::vector<std::string>& overrides);
};

// Every option of every section and recipe, as Markdown (docs/config_reference.md).
std::string config_reference();

}  // namespace tractrix::train
