// Weights of patches as a picture of their slide.
#pragma once

#include <vector>

#include "tractrix/core/png.hpp"

namespace tractrix::report {

struct HeatMap {
  std::vector<double> x, y;    // upper left corners, in one unit
  std::vector<double> weight;  // of each patch
  double patch = 0;            // its side in the same unit
};

// Every patch a square coloured by the rank of its weight among all (equal weights share the mean
// of their ranks): dark for the lowest, bright for the highest; white where there is no patch.
// Where patches overlap, the heavier one is on top. A patch is 1 to 16 pixels wide, the longer side
// at most most_pixels unless a pixel per patch needs more. Throws an Error for no patches, lists of
// different lengths, a patch size that is not above 0, and values that are not finite.
Image heat_map(const HeatMap& map, int64_t most_pixels = 2048);

}  // namespace tractrix::report
