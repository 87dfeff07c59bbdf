#include "tractrix/data/data_config.hpp"

#include "tractrix/config/document.hpp"

namespace tractrix::data {

DataConfig DataConfig::load(const std::filesystem::path& file,
                            const std::vector<std::string>& overrides) {
  auto root = config::load(file);
  for (const auto& assignment : overrides) config::apply_override(root, assignment);
  const auto* data = root.find("data");
  if (!data) throw Error(file.string(), "has no section 'data'");
  DataConfig result;
  config::Visit visit;
  {
    config::Fields f(visit, data, "data");
    fields(f, result.data);
  }
  if (const auto* split = root.find("split")) {
    config::Fields f(visit, split, "split");
    fields(f, result.split.emplace());
  }
  visit.errors.raise();
  return result;
}

}  // namespace tractrix::data
