#include "tractrix/data/cells.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace tractrix::data {

bool is_missing(std::string_view cell) {
  constexpr std::array<std::string_view, 6> kTexts{"", "na", "n/a", "nan", "null", "none"};
  return std::any_of(kTexts.begin(), kTexts.end(), [&](std::string_view text) {
    return std::equal(cell.begin(), cell.end(), text.begin(), text.end(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == b;
    });
  });
}

}  // namespace tractrix::data
