#include "tractrix/report/metric_lines.hpp"

#include <sstream>
#include <string>

#include "tractrix/core/file.hpp"
#include "tractrix/report/run_summary.hpp"

namespace tractrix::report {

std::vector<Json> metric_lines(const std::filesystem::path& run) {
  std::vector<Json> lines;
  for (const auto& [number, folder] : fold_folders(run)) {
    if (!std::filesystem::exists(folder / "metrics.jsonl")) continue;
    std::istringstream in(read_file(folder / "metrics.jsonl"));
    for (std::string text; std::getline(in, text);) {
      auto line = Json::parse(text, nullptr, false);
      if (line.is_discarded() || !line.contains("epoch")) continue;
      line["fold"] = number;
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::optional<double> logged(const Json& line, std::initializer_list<const char*> path) {
  const Json* node = &line;
  for (const char* key : path) {
    if (!node->is_object() || !node->contains(key)) return std::nullopt;
    node = &(*node)[key];
  }
  return node->is_number() ? std::optional(node->get<double>()) : std::nullopt;
}

}  // namespace tractrix::report
