// Made-up bags with a planted survival signal, for trying bag recipes without slides. Never to be
// mistaken for data: every file says that it is synthetic, and every table of a run on it says so,
// too.
#pragma once

#include <filesystem>

#include "tractrix/core/seed.hpp"
#include "tractrix/data/cohort.hpp"

namespace tractrix::data {

// packed: one file for the cohort; the others: a folder with a file per slide, as that extractor
// writes it (data/feature_writer.hpp).
enum class SynthLayout { packed, trident, clam, stamp, pt };
constexpr std::pair<const char*, SynthLayout> kSynthLayouts[] = {{"packed", SynthLayout::packed},
                                                                 {"trident", SynthLayout::trident},
                                                                 {"clam", SynthLayout::clam},
                                                                 {"stamp", SynthLayout::stamp},
                                                                 {"pt", SynthLayout::pt}};

struct SynthOptions {
  int64_t columns = 64;
  int64_t least = 50, most = 400;  // patches per slide, drawn log-uniformly
  double shift = 1.5;              // of the planted patches along one fixed unit direction
  SynthLayout layout = SynthLayout::packed;
};

// Every patch is standard normal. With z = the patient's -log(time + 1) standardised over the
// cohort, a patch is planted (moved by `shift`) with probability 0.05 + 0.4 / (1 + exp(-2 z)):
// patients with short times have more such patches. Streams are keyed by slide, so adding a patient
// changes no other bag. Values are rounded to float16, which every layout holds exactly: a slide
// has the same features in all of them. Patch i lies at column i mod S, row i / S of a square grid
// of side S (256 pixels a step).
//
// out: the packed file, or a folder, which is made and must be empty. Throws an Error when it is
// not, and for a cohort whose table names no slide.
void write_synthetic_bags(const Cohort& cohort, const std::filesystem::path& out,
                          const SynthOptions& options, const Seed& seed);

// Gene bags, one HDF5 file per patient in a new folder: a row [columns] for every gene of
// signatures.csv, sorted by name. Rows are standard normal; those of the first pathway are moved by
// shift * z along one fixed unit direction (z as above, cut to -2 .. 2). Streams are keyed by
// patient.
void write_synthetic_genes(const Cohort& cohort, const std::filesystem::path& out,
                           const std::filesystem::path& signatures, const SynthOptions& options,
                           const Seed& seed);

}  // namespace tractrix::data
