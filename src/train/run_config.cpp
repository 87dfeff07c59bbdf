#include "tractrix/train/run_config.hpp"

#include <algorithm>

#include "tractrix/core/file.hpp"

namespace tractrix::train {
namespace run_config_detail {

std::string recipe_name(const config::Node& root, const std::filesystem::path& file) {
  const auto* section = root.find("recipe");
  const auto* name = section ? section->find("name") : nullptr;
  if (!name || name->type != config::Node::Type::scalar) {
    throw Error(section ? section->origin.text : file.string(), "'recipe.name' is missing",
                "for example: recipe: {name: fusion}");
  }
  return name->scalar;
}

// A line of the dump for a section whose keys are visited here.
void add_heading(config::Visit& visit, const std::string& path, const config::Node& node) {
  config::Row row{path, "group", {}, {}, {}, node.origin.text};
  row.group = true;
  visit.rows.push_back(std::move(row));
}

// `train:` holds for every stage; `train.stages.<name>` overrides it.
std::vector<Plan> read_plans(config::Fields& f, const std::vector<std::string>& stages) {
  Plan base;
  fields(f, base);
  std::vector<Plan> plans(stages.size(), base);
  const config::Node* node = f.raw("stages");
  if (!node) return plans;
  add_heading(f.visit(), "train.stages", *node);
  for (const auto& [name, child] : node->children) {
    const auto found = std::find(stages.begin(), stages.end(), name);
    if (found == stages.end()) {
      f.visit().errors.add(child.origin.text,
                           "the recipe has no stage '" + name + "'; it has: " + enumerate(stages));
      continue;
    }
    add_heading(f.visit(), "train.stages." + name, child);
    config::Fields sub(f.visit(), &child, "train.stages." + name);
    fields(sub, plans[static_cast<size_t>(found - stages.begin())]);
  }
  return plans;
}

void check_plans(const RunConfig& config, Errors& errors) {
  for (size_t i = 0; i < config.plans.size(); ++i) {
    const auto& plan = config.plans[i];
    const std::string where = "train, stage " + config.contract.stages[i];
    if (plan.window < config.contract.min_window) {
      errors.add(where,
                 "the recipe's loss compares examples of a window: 'window' must be >= " +
                     std::to_string(config.contract.min_window) + ", got " +
                     std::to_string(plan.window),
                 "train.window=32");
    }
    const auto& inputs = config.contract.inputs;
    const bool misses =
        std::any_of(inputs.begin(), inputs.end(), [](const auto& input) { return input.optional; });
    if (plan.modality_dropout > 0 && !misses) {
      errors.add(where,
                 "'modality_dropout' leaves inputs out, recipe " + config.recipe +
                     " cannot do without any of its own",
                 "a recipe with optional inputs can: must");
    }
    if (plan.patience > 0 && config.split.inner_val <= 0) {
      errors.add(where, "'patience' stops on the inner validation part, but split.inner_val is 0",
                 "split.inner_val=0.15");
    }
  }
}

bool changes_numbers(const std::string& path) {
  constexpr const char* kFree[] = {"run.name", "run.out", "run.save_every", "run.cache_gib"};
  return std::none_of(std::begin(kFree), std::end(kFree),
                      [&](const char* free) { return path == free; });
}

}  // namespace run_config_detail

using namespace run_config_detail;

void fields(config::Fields& f, RunOptions& o) {
  f("name", o.name, "folder of the run below `out`; default: the config's folder and file name");
  f("out", o.out, "where run folders go");
  f("seed", o.seed, "of everything random", config::at_least(0));
  f("threads", o.threads, "computing threads; 0: all cores. Bits are promised at an equal number",
    config::between(0, 4096));
  f("device", o.device, "auto takes a CUDA device when there is one");
  f("precision", o.precision, "f32, f64, or bf16 autocast");
  f("save_every", o.save_every, "seconds between two saves within an epoch", config::above(0));
  f("cache_gib", o.cache_gib, "memory for bags, in GiB", config::at_least(0));
}

// Visits every section; each one's fields tell what they did not know.
static void read_sections(RunConfig& config, const config::Node& root, config::Visit& visit) {
  config::Fields f(visit, &root, "");
  const auto section = [&](const char* name, auto&& read) {
    const auto* node = f.raw(name);
    visit.rows.push_back({name, "group", {}, {}, {}, {}, true, false});
    config::Fields sub(visit, node, name);
    read(sub);
  };
  section("recipe", [&](auto& sub) {
    sub("name", config.recipe, "which recipe; `tractrix ls recipes` lists them");
    config.maker->visit(sub);
  });
  config.contract = config.maker->contract();
  section("data", [&](auto& sub) { fields(sub, config.data); });
  section("split", [&](auto& sub) { fields(sub, config.split); });
  section("train", [&](auto& sub) { config.plans = read_plans(sub, config.contract.stages); });
  section("run", [&](auto& sub) { fields(sub, config.run); });
}

RunConfig RunConfig::load(const std::filesystem::path& file,
                          const std::vector<std::string>& overrides) {
  auto root = config::load(file, overrides);
  RunConfig result;
  result.recipe = recipe_name(root, file);
  result.maker = recipe::find_maker(result.recipe, root.find("recipe")->find("name")->origin.text);
  config::Visit visit;
  read_sections(result, root, visit);
  check_plans(result, visit.errors);
  visit.errors.raise();
  result.rows = std::move(visit.rows);
  if (result.run.name.empty()) {
    const auto folder = std::filesystem::absolute(file).parent_path().filename().string();
    result.run.name = folder + "_" + file.stem().string();
  }
  return result;
}

std::string RunConfig::recipe_yaml() const {
  std::vector<config::Row> own;
  for (auto row : rows) {
    if (!row.path.starts_with("recipe.") || row.path == "recipe.name") continue;
    row.path.erase(0, std::string_view("recipe.").size());
    own.push_back(std::move(row));
  }
  return own.empty() ? "{}\n" : config::dump(own);
}

std::string RunConfig::sha256() const {
  std::string text;
  for (const auto& row : rows) {
    if (!row.group && changes_numbers(row.path)) text += row.path + "=" + row.value + "\n";
  }
  return tractrix::sha256(text);
}

template <class T>
static std::string options_reference(const std::string& section) {
  config::Visit visit;
  T options{};
  {
    config::Fields f(visit, nullptr, section);
    fields(f, options);
  }
  return "## " + section + "\n\n" + config::reference(visit.rows) + "\n";
}

std::string config_reference() {
  std::string text = options_reference<data::DataOptions>("data") +
                     options_reference<data::SplitOptions>("split") +
                     options_reference<Plan>("train") + options_reference<RunOptions>("run");
  for (const auto& entry : recipe::registry()) {
    const auto maker = entry.maker();
    config::Visit visit;
    {
      config::Fields f(visit, nullptr, "recipe");
      maker->visit(f);
    }
    text += std::string("## recipe ") + entry.name + "\n\n" + config::reference(visit.rows) + "\n";
  }
  return text;
}

}  // namespace tractrix::train
