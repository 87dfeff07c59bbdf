// tractrix data st-pack, and what data check and info say about sections of spatial expression.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "spatial.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/data/spatial/cohort.hpp"
#include "tractrix/data/spatial/image.hpp"
#include "tractrix/data/spatial/spatial_pack.hpp"
#include "tractrix/train/progress.hpp"

namespace tractrix::app {
namespace {

using spatial::SpatialCohort;
using spatial::SpatialConfig;

void print_genes(const SpatialCohort& cohort) {
  std::cout << "  " << cohort.genes.size() << " genes are in all sections\n";
  std::vector<std::string> seen;
  for (const auto& [fold, choice, constant] : cohort.folds) {
    if (!constant.empty())
      std::cout << "  note: fold " << fold.index << ": " << constant.size()
                << " chosen genes never change in the training sections: " << enumerate(constant)
                << "\n";
    if (std::find(seen.begin(), seen.end(), choice.sha256) != seen.end()) continue;
    seen.push_back(choice.sha256);
    std::cout << "  fold " << fold.index << ": " << choice.genes.size() << " genes chosen";
    if (choice.variable > 0)
      std::cout << " (" << choice.variable << " variable in a section, " << choice.candidates
                << " candidates" << (choice.k > 0 ? ", k = " + std::to_string(choice.k) : "")
                << ")";
    std::cout << ", list " << choice.sha256.substr(0, 12) << "\n";
  }
}

void print_sections(const SpatialCohort& cohort) {
  for (const auto& prepared : cohort.sections) {
    const auto& s = prepared.section;
    std::cout << "  " << s.id << ": " << s.spots() << " spots, " << prepared.niches.centres.size()
              << " with a whole niche\n";
    for (const auto& note : s.notes) std::cout << "    note: " << note << "\n";
  }
}

void st_pack(const std::string& file, const std::vector<std::string>& overrides,
             const std::string& out, int64_t threads) {
  const auto start = std::chrono::steady_clock::now();
  const auto config = SpatialConfig::load(file, overrides);
  auto cohort = SpatialCohort::load(config, true);
  std::cout << config.spatial.name << "\n";
  print_genes(cohort);
  std::cout << std::flush;
  spatial::PackSummary summary;
  {
    train::ProgressLine progress;
    summary = spatial::write_spatial_pack(config, std::move(cohort), out, threads,
                                          [&](double done) { progress.update(done); });
  }
  for (const auto& note : summary.notes) std::cout << "  " << note << "\n";
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << "wrote " << out << ": " << summary.sections << " sections, " << summary.spots
            << " spots, " << summary.patches << " patches in " << (summary.bytes >> 20) << " MiB, "
            << train::duration_text(seconds.count()) << "\n";
}

void print_section(const spatial::Section& s) {
  std::cout << s.file.string() << ": " << s.format << "\n  section " << s.id << ": " << s.spots()
            << " spots, " << s.genes.size() << " genes, " << s.counts.stored()
            << " values that are not 0\n";
  std::cout << "  first spot " << s.barcodes.front() << ", first gene " << s.genes.front() << "\n";
  std::cout << "  positions: " << (s.placed() ? "pixels" : "no pixels")
            << (s.array_row.empty() ? ", no array" : ", array") << "\n";
  if (s.pixel_um) std::cout << "  " << *s.pixel_um << " um per pixel\n";
  for (const auto& [name, labels] : s.labels)
    std::cout << "  " << name << ": " << labels.names.size() << " labels\n";
  for (const auto& note : s.notes) std::cout << "  note: " << note << "\n";
  try {
    spatial::require_counts(s);
    std::cout << "  counts\n";
  } catch (const Error& e) {
    std::cout << "  note: " << e.what() << "\n";
  }
}

}  // namespace

bool is_spatial(const std::string& config, const std::vector<std::string>& overrides) {
  return SpatialConfig::recognises(config, overrides);
}

void check_spatial(const std::string& file, const std::vector<std::string>& overrides) {
  const auto config = SpatialConfig::load(file, overrides);
  const auto cohort = SpatialCohort::load(config, false);
  std::cout << config.spatial.name << ": ";
  std::vector<spatial::SectionFold> folds;
  for (const auto& fold : cohort.folds) folds.push_back(fold.fold);
  std::cout << spatial::leakage_report(folds, cohort.owners);
  print_sections(cohort);
  print_genes(cohort);
  Errors errors;
  for (const auto& prepared : cohort.sections) {
    try {
      if (!prepared.section.image.empty()) spatial::Image::open(prepared.section.image);
    } catch (const Error& e) {
      errors.add(e);
    }
  }
  std::cout << std::flush;
  errors.raise();
  std::cout << "ok\n";
}

bool is_section(const std::string& path) {
  return std::filesystem::is_directory(path) || spatial::is_section_file(path) ||
         spatial::SpatialPack::recognises(path);
}

void info_spatial(const std::string& path) {
  if (spatial::SpatialPack::recognises(path)) {
    const spatial::SpatialPack pack(path);
    std::cout << path << ": pack of " << pack.sections().size() << " sections, "
              << pack.genes().size() << " genes, " << pack.folds().size() << " folds, patches "
              << pack.attributes().at("patch_format").get<std::string>() << "\n";
    for (const auto& s : pack.sections())
      std::cout << "  " << s.id << ": patient " << (s.patient.empty() ? "not known" : s.patient)
                << ", " << s.barcodes.size() << " spots, " << s.niches.centres.size()
                << " centres\n";
    return;
  }
  for (const auto& id : spatial::list_sections(path, spatial::Layout::detect))
    print_section(spatial::read_section(path, spatial::Layout::detect, id));
}

void add_st_pack(CLI::App& data) {
  struct Arguments {
    std::string config, out;
    std::vector<std::string> words;
    int64_t threads = std::max<int64_t>(1, std::thread::hardware_concurrency());
  };
  auto a = std::make_shared<Arguments>();
  auto* command = data.add_subcommand(
      "st-pack", "write sections of spatial expression with their patches into one file");
  command->add_option("config", a->config, "YAML file with a section spatial")->required();
  command->add_option("overrides", a->words, "key=value");
  command->add_option("--out", a->out, "the packed file (.h5)")->required();
  command->add_option("--threads", a->threads, "that cut out and compress patches")
      ->check(CLI::Range(1, 1024));
  command->footer("example: tractrix data st-pack configs/spatial/her2st.yaml --out her2st.h5");
  command->callback([a] { st_pack(a->config, overrides(a->words), a->out, a->threads); });
}

}  // namespace tractrix::app
