#include "tractrix/data/data_config.hpp"

namespace tractrix::data {

void DataConfig::read(const config::Node& root, const std::filesystem::path& file,
                      config::Visit& visit) {
  const auto* node = root.find("data");
  if (!node) throw Error(file.string(), "has no section 'data'");
  {
    config::Fields f(visit, node, "data");
    fields(f, data);
  }
  if (const auto* given = root.find("split")) {
    config::Fields f(visit, given, "split");
    fields(f, split.emplace());
  }
}

DataConfig DataConfig::load(const std::filesystem::path& file,
                            const std::vector<std::string>& overrides) {
  DataConfig result;
  config::Visit visit;
  result.read(config::load(file, overrides), file, visit);
  visit.errors.raise();
  return result;
}

}  // namespace tractrix::data
