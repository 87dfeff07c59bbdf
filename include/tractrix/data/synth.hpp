// Made-up bags with a planted survival signal, for trying bag recipes without slides. Never to be
// mistaken for data: the packed file says that it is synthetic, and every table of a run on it says
// so, too.
#pragma once

#include <filesystem>

#include "tractrix/core/seed.hpp"
#include "tractrix/data/cohort.hpp"

namespace tractrix::data {

struct SynthOptions {
  int64_t columns = 64;
  int64_t least = 50, most = 400;  // patches per slide, drawn log-uniformly
  double shift = 1.5;              // of the planted patches along one fixed unit direction
};

// Every patch is standard normal. With z = the patient's -log(time + 1) standardised over the
// cohort, a patch is planted (moved by `shift`) with probability 0.05 + 0.4 / (1 + exp(-2 z)):
// patients with short times have more such patches. Streams are keyed by slide, so adding a patient
// changes no other bag.
void write_synthetic_bags(const Cohort& cohort, const std::filesystem::path& file,
                          const SynthOptions& options, const Seed& seed);

}  // namespace tractrix::data
