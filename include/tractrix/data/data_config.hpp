// The sections `data` and `split` of a config, for commands that need no recipe. Other sections are
// not looked at.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/config/document.hpp"
#include "tractrix/data/options.hpp"

namespace tractrix::data {

struct DataConfig {
  DataOptions data;
  std::optional<SplitOptions> split;

  // Findings go to visit; a config without `data` is an Error at once.
  void read(const config::Node& root, const std::filesystem::path& file, config::Visit& visit);

  static DataConfig load(const std::filesystem::path& file,
                         const std::vector<std::string>& overrides);
};

}  // namespace tractrix::data
