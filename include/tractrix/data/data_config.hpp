// The sections `data` and `split` of a config, for commands that need no recipe. Other sections are
// not looked at.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/data/options.hpp"

namespace tractrix::data {

struct DataConfig {
  DataOptions data;
  std::optional<SplitOptions> split;

  static DataConfig load(const std::filesystem::path& file,
                         const std::vector<std::string>& overrides);
};

}  // namespace tractrix::data
