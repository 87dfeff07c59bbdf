// How far apart neighbouring spots lie in the image.
#pragma once

#include <optional>

#include "tractrix/data/spatial/section.hpp"

namespace tractrix::spatial {

// Median distance in pixels of array neighbours: on a square lattice along both axes, on a
// hexagonal one within a row (two columns apart). Nothing without neighbours or positions.
std::optional<double> lattice_pitch(const Section& section);

}  // namespace tractrix::spatial
