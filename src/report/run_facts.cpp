#include "tractrix/report/run_facts.hpp"

#include "tractrix/config/document.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::report {
namespace {

constexpr const char* kUnknown = "unknown";

std::string text_of(const Json& facts, const char* key) {
  if (!facts.contains(key)) return kUnknown;
  return facts[key].is_string() ? facts[key].get<std::string>() : facts[key].dump();
}

std::string digits(const std::string& hash) { return hash.substr(0, 12); }

const config::Node* at(const config::Node& root, std::initializer_list<const char*> path) {
  const auto* node = &root;
  for (const char* key : path) {
    node = node ? node->find(key) : nullptr;
    if (!node) return nullptr;
  }
  return node;
}

std::string scalar(const config::Node& root, std::initializer_list<const char*> path) {
  const auto* node = at(root, path);
  return node && node->type == config::Node::Type::scalar ? node->scalar : kUnknown;
}

// The trainer fits scalers on nothing but a fold's training patients (data/preparation.hpp).
std::string scalers(const config::Node& root) {
  const auto* inputs = at(root, {"data", "inputs"});
  if (!inputs) return kUnknown;
  std::string out;
  for (const auto& [name, input] : inputs->children) {
    const bool bag = scalar(input, {"kind"}) == "bag";
    const auto standardise = scalar(input, {"standardise"});
    out += (out.empty() ? "" : "; ") + name + ": " +
           (bag                       ? "as they are"
            : standardise == "true"   ? "training patients of each fold"
            : standardise == kUnknown ? kUnknown
                                      : "not standardised");
  }
  return out.empty() ? "no input" : out;
}

std::string selection(const config::Node& root) {
  const auto part = scalar(root, {"split", "inner_val"});
  if (part == kUnknown) return kUnknown;
  return part == "0" ? "no inner part" : "inner part: " + part + " of the training patients";
}

// Bags are checked when they are read, but their files are not hashed.
std::string bags(const config::Node& root) {
  std::string out;
  const auto* inputs = at(root, {"data", "inputs"});
  if (!inputs) return out;
  for (const auto& [name, input] : inputs->children)
    if (scalar(input, {"kind"}) == "bag") out += "; " + name + ": bags without a hash";
  return out;
}

std::string features(const Json& facts) {
  if (!facts.contains("tables_sha256")) return kUnknown;
  std::string out;
  for (const auto& [file, hash] : facts["tables_sha256"].items()) {
    out += (out.empty() ? "" : "; ") + std::filesystem::path(file).filename().string() + " " +
           digits(hash.get<std::string>());
  }
  return out;
}

}  // namespace

RunFacts facts_of(const RunSummary& summary) {
  RunFacts facts;
  const auto& f = summary.facts;
  facts.cohort = text_of(f, "cohort");
  facts.seed = text_of(f, "seed");
  facts.bins = text_of(f, "bins");
  facts.splits = digits(text_of(f, "splits_sha256"));
  facts.features = features(f);
  facts.version = "tractrix " + text_of(f, "tractrix") + ", LibTorch " + text_of(f, "libtorch");
  facts.command = text_of(f, "command");
  facts.recipe = facts.scalers = facts.selection = kUnknown;
  facts.time_unit = "unit unknown";
  const auto file = summary.folder / "config.yaml";
  if (!std::filesystem::exists(file)) return facts;
  facts.config = read_file(file);
  const auto root = config::load(file);
  facts.recipe = scalar(root, {"recipe", "name"});
  facts.scalers = scalers(root);
  facts.selection = selection(root);
  facts.features += bags(root);
  const auto unit = scalar(root, {"data", "label", "time_unit"});
  if (unit != kUnknown) facts.time_unit = unit;
  return facts;
}

}  // namespace tractrix::report
