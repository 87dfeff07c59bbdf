// Which spots surround a spot, and how large the window over them is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/config/fields.hpp"
#include "tractrix/data/spatial/section.hpp"

namespace tractrix::spatial {

enum class NicheRule {
  lattice,  // neighbours by array position: six hexagonal ones, four of a square lattice
  nearest,  // the nearest ones by pixel distance
  radius,   // all within a radius
  pixels    // HyperST's code: all within the mean distance of the seventh nearest
};
constexpr std::pair<const char*, NicheRule> kNicheRules[] = {{"lattice", NicheRule::lattice},
                                                             {"nearest", NicheRule::nearest},
                                                             {"radius", NicheRule::radius},
                                                             {"pixels", NicheRule::pixels}};
constexpr auto& names(NicheRule) { return kNicheRules; }

struct NicheOptions {
  NicheRule rule = NicheRule::lattice;
  // lattice: 6 or 18 (hexagonal), 4 or 8 (square); nearest: any. 0: 6, or 4 on a square lattice.
  int64_t neighbours = 0;
  double radius_um = 150;  // radius
  // A centre needs at least this many neighbours; none: all (radius: one).
  std::optional<int64_t> least = {};
};
void fields(config::Fields& f, NicheOptions& o);

struct Niches {
  std::vector<int64_t> centres;               // spots that have a whole niche, ascending
  std::vector<std::vector<int64_t>> members;  // per centre: itself first, then by index
  std::vector<int64_t> excluded;              // the others
  // degrees[n]: number of spots with n neighbours
  std::vector<int64_t> degrees;
  // Half the side of the window in pixels: the mean over centres of the furthest member's distance
  // to the right or below, cut to a whole number, plus half a spot (HyperST's rule).
  int64_t half_window = 0;
};

// Throws an Error when what the rule needs is not there (array or pixel positions, the size of a
// pixel), or when no spot is left.
Niches find_niches(const Section& section, const NicheOptions& options);

// Mean counts over the members of each centre: [centres, genes].
Counts niche_means(const Counts& counts, const Niches& niches);

}  // namespace tractrix::spatial
