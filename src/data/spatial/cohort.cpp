#include "tractrix/data/spatial/cohort.hpp"

#include <algorithm>
#include <map>

#include "lattice_pitch.hpp"
#include "tractrix/core/csv.hpp"

namespace tractrix::spatial {
namespace cohorts {

std::map<std::string, std::string> read_patients(const std::filesystem::path& file) {
  std::map<std::string, std::string> patients;
  if (file.empty()) return patients;
  const CsvTable table = CsvTable::read(file);
  const auto section = table.column("section"), patient = table.column("patient");
  for (int64_t r = 0; r < table.rows(); ++r)
    if (!patients.emplace(table.at(r, section), table.at(r, patient)).second)
      throw Error(table.where(r),
                  "names section '" + std::string(table.at(r, section)) + "' a second time");
  return patients;
}

std::filesystem::path image_of(const std::filesystem::path& folder, const std::string& id) {
  if (!std::filesystem::is_directory(folder))
    throw Error(folder.string(), "is no folder of images");
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().stem() == id) found.push_back(entry.path());
  if (found.size() > 1)
    throw Error(folder.string(), "holds several images of section '" + id + "'");
  return found.empty() ? std::filesystem::path() : found.front();
}

void drop_poor_spots(Section& s, int64_t least) {
  std::vector<int64_t> kept;
  for (int64_t r = 0; r < s.spots(); ++r)
    if (s.counts.begin[static_cast<size_t>(r) + 1] - s.counts.begin[static_cast<size_t>(r)] >=
        least)
      kept.push_back(r);
  const auto dropped = s.spots() - static_cast<int64_t>(kept.size());
  if (dropped == 0) return;
  if (kept.empty())
    throw Error(s.file.string(), "has no spot with at least " + std::to_string(least) + " genes");
  keep_spots(s, kept);
  s.notes.push_back(std::to_string(dropped) + " spots express fewer than " + std::to_string(least) +
                    " genes and are left out");
}

// Positions on an array say which lattice it is: hexagonal ones use every second column only.
void guess_lattice(Section& s) {
  if (s.lattice != Lattice::unknown || s.array_row.empty() || s.array_column.empty()) return;
  bool half = true;
  for (size_t i = 0; i < s.array_row.size(); ++i)
    half = half && (s.array_row[i] + s.array_column[i]) % 2 == 0;
  s.lattice = half ? Lattice::hexagonal : Lattice::square;
}

// Visium arrays have 100 micrometres between spots.
void guess_pixel(Section& s) {
  constexpr double kVisiumPitch = 100;
  if (s.pixel_um || s.lattice != Lattice::hexagonal) return;
  const auto pitch = lattice_pitch(s);
  if (!pitch || !(*pitch > 0)) return;
  s.pixel_um = kVisiumPitch / *pitch;
  s.notes.push_back("the size of a pixel, " + shortest(*s.pixel_um) +
                    " um, is taken from 100 um between Visium spots");
}

class Loader {
 public:
  explicit Loader(const SpatialConfig& config, bool need_images)
      : options_(config.spatial), need_images_(need_images) {
    patients_ = read_patients(options_.patients);
  }

  Section load(const std::string& id) const {
    Section s = read_section(options_.folder, options_.layout, id,
                             {.layer = options_.layer, .genome = options_.genome});
    require_counts(s);
    if (const auto known = patients_.find(id); known != patients_.end()) s.patient = known->second;
    if (!options_.images.empty()) s.image = image_of(options_.images, id);
    if (options_.pixel_um > 0) s.pixel_um = options_.pixel_um;
    guess_lattice(s);
    guess_pixel(s);
    drop_poor_spots(s, options_.min_genes);
    if (need_images_) require_places(s);
    return s;
  }

 private:
  void require_places(const Section& s) const {
    if (s.image.empty() || !std::filesystem::exists(s.image))
      throw Error(s.file.string(), "has no image for section '" + s.id + "'",
                  "name a folder of images (spatial.images), or leave the section out");
    if (!s.placed()) throw Error(s.file.string(), "has no pixel positions of its spots");
    if (!s.pixel_um || !(*s.pixel_um > 0))
      throw Error(s.file.string(), "does not say how large a pixel is", "set spatial.pixel_um");
  }

  const SpatialOptions& options_;
  bool need_images_;
  std::map<std::string, std::string> patients_;
};

std::vector<std::string> constant_genes(const GeneChoice& choice,
                                        const std::vector<std::string>& common,
                                        const ColumnMoments& stats) {
  std::vector<std::string> constant;
  for (const auto& gene : choice.genes) {
    const auto at = std::lower_bound(common.begin(), common.end(), gene) - common.begin();
    if (!(stats.deviation[static_cast<size_t>(at)] > 0)) constant.push_back(gene);
  }
  return constant;
}

void choose_per_fold(SpatialCohort& cohort, const SpatialConfig& config) {
  std::map<std::string, const Counts*> counts;
  std::vector<const Counts*> all;
  for (const auto& prepared : cohort.sections) {
    counts[prepared.section.id] = &prepared.section.counts;
    all.push_back(&prepared.section.counts);
  }
  for (auto& fold : make_section_folds(cohort.owners, config.split)) {
    FoldGenes with_genes{std::move(fold), {}, {}};
    std::vector<const Counts*> training;
    for (const auto& id : with_genes.fold.train) training.push_back(counts.at(id));
    if (config.spatial.genes.scope == Scope::all && !cohort.folds.empty()) {
      with_genes.choice = cohort.folds.front().choice;
    } else {
      with_genes.choice = choose_genes(config.spatial.genes.scope == Scope::all ? all : training,
                                       cohort.genes, config.spatial.genes);
    }
    with_genes.constant = constant_genes(with_genes.choice, cohort.genes, moments(training));
    cohort.folds.push_back(std::move(with_genes));
  }
}

}  // namespace cohorts

SpatialCohort SpatialCohort::load(const SpatialConfig& config, bool need_images) {
  const auto& options = config.spatial;
  auto ids = options.sections;
  if (ids.empty()) ids = list_sections(options.folder, options.layout);
  if (ids.empty()) throw Error(options.folder.string(), "holds no section");
  const cohorts::Loader loader(config, need_images);
  SpatialCohort cohort;
  Errors errors;
  std::vector<Section> sections;
  for (const auto& id : ids) {
    try {
      sections.push_back(loader.load(id));
    } catch (const Error& error) {
      errors.add(error);
    }
  }
  errors.raise();
  std::vector<std::vector<double>> sums;
  for (const auto& section : sections) sums.push_back(totals(section.counts));
  cohort.genes = common_genes(sections);
  restrict_genes(sections, cohort.genes);
  for (size_t i = 0; i < sections.size(); ++i) {
    cohort.owners.push_back({sections[i].id, sections[i].patient});
    try {
      auto niches = find_niches(sections[i], options.niche);
      cohort.sections.push_back({std::move(sections[i]), std::move(sums[i]), std::move(niches)});
    } catch (const Error& error) {
      errors.add(error);
    }
  }
  errors.raise();
  cohorts::choose_per_fold(cohort, config);
  return cohort;
}

}  // namespace tractrix::spatial
