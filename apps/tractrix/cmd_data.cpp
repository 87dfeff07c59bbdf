// tractrix data info|check|split|pack|synth; st-pack is in cmd_spatial.cpp
#include <algorithm>
#include <iostream>
#include <map>

#include "app.hpp"
#include "spatial.hpp"
#include "tractrix/data/bag_check.hpp"
#include "tractrix/data/bag_source.hpp"
#include "tractrix/data/cohort.hpp"
#include "tractrix/data/data_config.hpp"
#include "tractrix/data/feature_report.hpp"
#include "tractrix/data/packed_store.hpp"
#include "tractrix/data/splits.hpp"
#include "tractrix/data/synth.hpp"

namespace tractrix::app {
namespace {

struct DataArguments {
  std::string config, out;
  std::vector<std::string> words;
  int64_t folds = 5, seed = 1;
};

// ", Repair 12, Growth 7 and 279 more groups"
void print_groups(const Named<std::vector<int64_t>>& groups) {
  constexpr size_t kMost = 8;
  size_t shown = 0;
  for (const auto& [group, members] : groups)
    if (++shown <= kMost) std::cout << ", " << group << " " << members.size();
  if (shown > kMost) std::cout << " and " << shown - kMost << " more groups";
  std::cout << "\n";
}

void print_cohort(const data::Cohort& cohort) {
  std::cout << cohort.options().cohort << ": " << cohort.size() << " patients, " << cohort.events()
            << " events\n";
  for (const auto& [name, vector] : cohort.vectors()) {
    std::cout << "  " << name << ": " << vector.choice.columns.size() << " columns";
    print_groups(vector.choice.groups);
  }
  for (const auto& [name, bags] : cohort.bags()) {
    std::cout << "  " << name << ": bags of " << bags.source->columns() << " columns, "
              << bags.source->slides().size() << " files";
    print_groups(bags.groups);
  }
}

// Every finding of tables, feature files, folds and values at once.
void check(const DataArguments& arguments, bool values) {
  if (is_spatial(arguments.config, overrides(arguments.words)))
    return check_spatial(arguments.config, overrides(arguments.words));
  const auto config = data::DataConfig::load(arguments.config, overrides(arguments.words));
  Errors errors;
  const auto cohort = data::Cohort::check(config.data, errors);
  std::vector<data::Fold> folds;
  std::vector<std::string> notes;
  if (cohort) {
    print_cohort(*cohort);
    notes = cohort->notes();
    const size_t before = errors.size();
    const Seed seed(static_cast<uint64_t>(arguments.seed));
    if (config.split) folds = data::read_splits(*config.split, *cohort, seed, errors).folds;
    for (const auto& fold : folds) {
      std::cout << "  fold " << fold.index << ": " << fold.train.size() << " / " << fold.val.size()
                << " patients" << (errors.size() == before ? ", none on both sides" : "") << "\n";
    }
    if (values) {
      const bool allowed = config.split && config.split->allow_equal_bags;
      for (auto& note : data::check_bags(*cohort, folds, allowed, errors))
        notes.push_back(std::move(note));
    }
  }
  for (const auto& note : notes) std::cout << "  note: " << note << "\n";
  std::cout << std::flush;  // before what is wrong
  errors.raise();
  std::cout << "ok\n";
}

void info(const std::vector<std::string>& files, bool json) {
  Errors errors;
  for (const auto& file : files) {
    try {
      if (is_section(file)) {
        info_spatial(file);
        continue;
      }
      const auto report = data::feature_report(file);
      std::cout << (json ? report.dump() + "\n" : data::feature_report_text(report));
    } catch (const Error& e) {
      errors.add(e);
    }
  }
  errors.raise();
}

constexpr const char* kPrecisions[] = {"lossless", "float16", "float32"};

void pack(const std::string& folder, const std::string& out, const std::string& precision) {
  if (!std::filesystem::is_directory(folder)) throw Error(folder, "is no folder of feature files");
  std::map<std::string, std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".h5" || extension == ".hdf5" || extension == ".pt")
      files[entry.path().stem().string()] = entry.path();
  }
  if (files.empty()) throw Error(folder, "holds no feature file (.h5 or .pt)");
  const auto* chosen = std::find(std::begin(kPrecisions), std::end(kPrecisions), precision);
  data::PackedWriter writer(out, static_cast<data::Precision>(chosen - std::begin(kPrecisions)));
  for (const auto& [slide, file] : files) writer.add(slide, data::open_features(file));
  writer.finish();
  const data::PackedStore store(out);
  std::cout << "wrote " << out << ": " << store.slides().size() << " bags of " << store.columns()
            << " columns" << (store.synthetic() ? ", synthetic" : "") << "\n";
}

void split(const DataArguments& arguments) {
  const auto config = data::DataConfig::load(arguments.config, overrides(arguments.words));
  const auto cohort = data::Cohort::load(config.data);
  const auto folds =
      data::make_folds(cohort, arguments.folds, Seed(static_cast<uint64_t>(arguments.seed)));
  data::write_splits(folds, arguments.out);
  for (const auto& fold : folds)
    std::cout << "fold " << fold.index << ": " << fold.train.size() << " / " << fold.val.size()
              << " patients\n";
  std::cout << "wrote " << arguments.out << "\n";
}

void synth(const DataArguments& arguments, const data::SynthOptions& options,
           const std::string& signatures) {
  auto config = data::DataConfig::load(arguments.config, overrides(arguments.words));
  config.data.inputs = {};  // labels and slides are enough
  const auto cohort = data::Cohort::load(config.data);
  const Seed seed(static_cast<uint64_t>(arguments.seed));
  if (signatures.empty()) {
    data::write_synthetic_bags(cohort, arguments.out, options, seed);
  } else {
    data::write_synthetic_genes(cohort, arguments.out, signatures, options, seed);
  }
  const auto source = data::BagSource::open(arguments.out);
  std::cout << "wrote " << arguments.out << ": " << source->slides().size() << " synthetic "
            << (signatures.empty() ? "bags of " : "gene bags of ") << source->columns()
            << " columns\n";
}

using Configured = std::pair<CLI::App*, std::shared_ptr<DataArguments>>;

Configured add_configured(CLI::App& data, const char* name, const char* help) {
  auto arguments = std::make_shared<DataArguments>();
  auto* command = data.add_subcommand(name, help);
  command->add_option("config", arguments->config, "YAML file with a section data")->required();
  command->add_option("overrides", arguments->words, "key=value");
  command->add_option("--seed", arguments->seed, "of everything random")->capture_default_str();
  return {command, arguments};
}

void add_info(CLI::App& data) {
  struct Files {
    std::vector<std::string> paths;
    bool json = false;
  };
  auto files = std::make_shared<Files>();
  auto* command = data.add_subcommand("info", "read feature files whole and say what they hold");
  command
      ->add_option("files", files->paths,
                   "h5, pt, safetensors, csv or yaml files; h5ad files and folders of sections")
      ->required();
  command->add_flag("--json", files->json, "one JSON line per file");
  command->footer("example: tractrix data info slide.h5");
  command->callback([files] { info(files->paths, files->json); });
}

void add_pack(CLI::App& data) {
  struct Packing {
    std::string folder, out, precision = "lossless";
  };
  auto packing = std::make_shared<Packing>();
  auto* command =
      data.add_subcommand("pack", "write the bags of a folder into one file: one read per bag");
  command->add_option("folder", packing->folder, "feature files named by slide")->required();
  command->add_option("--out", packing->out, "the packed file (.h5)")->required();
  command
      ->add_option("--precision", packing->precision,
                   "lossless: float16 where no value changes, else float32")
      ->capture_default_str()
      ->check(CLI::IsMember({"lossless", "float16", "float32"}));
  command->callback([packing] { pack(packing->folder, packing->out, packing->precision); });
}

void add_synth(CLI::App& data) {
  auto [command, arguments] =
      add_configured(data, "synth", "made-up bags with a planted signal, marked as synthetic");
  auto options = std::make_shared<data::SynthOptions>();
  command->add_option("--out", arguments->out, "the packed file (.h5), or a new folder")
      ->required();
  std::map<std::string, data::SynthLayout> layouts(std::begin(data::kSynthLayouts),
                                                   std::end(data::kSynthLayouts));
  command
      ->add_option("--layout", options->layout,
                   "packed (one file), or a folder of files as these write them: trident, clam, "
                   "stamp, pt; default packed")
      ->transform(CLI::CheckedTransformer(layouts, CLI::ignore_case).description(""));
  command->add_option("--columns", options->columns, "features per patch")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command->add_option("--shift", options->shift, "how far planted patches are moved; 0: no signal")
      ->capture_default_str();
  auto signatures = std::make_shared<std::string>();
  command->add_option("--genes", *signatures,
                      "gene bags of the pathways of this table instead, a file per patient");
  command->callback([a = arguments, options, signatures] { synth(*a, *options, *signatures); });
}

}  // namespace

void add_data(CLI::App& app, Outcome&) {
  auto* data = app.add_subcommand("data", "cohorts, splits and feature files");
  data->require_subcommand(1);
  auto [checking, checked] =
      add_configured(*data, "check", "read everything a cohort names and list every defect");
  auto headers = std::make_shared<bool>(false);
  checking->add_flag("--headers", *headers, "do not read the values of bags");
  checking->callback([a = checked, headers] { check(*a, !*headers); });
  add_info(*data);
  add_pack(*data);
  auto [splitting, splitted] =
      add_configured(*data, "split", "write folds stratified on event and time, whole patients");
  splitting->add_option("--folds", splitted->folds, "number of folds")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000));
  splitting->add_option("--out", splitted->out, "folder of the split files")->required();
  splitting->callback([a = splitted] { split(*a); });
  add_synth(*data);
  add_st_pack(*data);
}

}  // namespace tractrix::app
