// Rows of a positions file of Space Ranger.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/data/spatial/section.hpp"

namespace tractrix::spatial {

struct Position {
  std::string barcode;
  bool in_tissue = false;
  int64_t row = 0, column = 0;
  double x = 0, y = 0;
};

std::vector<Position> read_positions(const std::filesystem::path& file);
// Joins by barcode; what is left out is noted. Throws an Error for a barcode that is there twice
// and when no spot is left.
void place_spots(Section& section, const std::vector<Position>& positions,
                 const std::string& where);

}  // namespace tractrix::spatial
