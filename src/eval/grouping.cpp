// Subgroups of patients by a column of a clinical table.
#include <algorithm>
#include <set>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/eval/evaluation.hpp"

namespace tractrix::eval {
namespace grouping_detail {

constexpr size_t kMostGroups = 12;

std::string interval_of(double value, const std::string& column, const std::vector<double>& cuts) {
  const auto above = std::upper_bound(cuts.begin(), cuts.end(), value);
  // The number before the name keeps the groups in order when they are sorted as text.
  const std::string place = std::to_string(above - cuts.begin() + 1) + ": ";
  if (above == cuts.begin()) return place + column + " < " + shortest(cuts.front());
  if (above == cuts.end()) return place + column + " >= " + shortest(cuts.back());
  return place + shortest(*(above - 1)) + " <= " + column + " < " + shortest(*above);
}

}  // namespace grouping_detail

Grouping read_grouping(const std::filesystem::path& file, const std::string& id_column,
                       const std::string& column, const std::vector<double>& cuts, char separator) {
  if (std::adjacent_find(cuts.begin(), cuts.end(), std::greater_equal<>()) != cuts.end())
    throw Error(column, "the cut points of a subgroup must ascend");
  const auto table = CsvTable::read(file, {separator});
  const int64_t id = table.column(id_column), cell = table.column(column);
  Grouping grouping{column, {}};
  Errors errors;
  std::set<std::string> values;
  for (int64_t row = 0; row < table.rows(); ++row) {
    const std::string text(table.at(row, cell));
    std::string value = text.empty() ? "(not known)" : text;
    if (!text.empty() && !cuts.empty()) {
      const auto number = parse_number(text);
      if (!number) {
        errors.add(table.where(row), "'" + column + "' is '" + text.substr(0, 40) +
                                         "', a number was expected to cut it");
        continue;
      }
      value = grouping_detail::interval_of(*number, column, cuts);
    }
    const auto [known, fresh] = grouping.value.emplace(std::string(table.at(row, id)), value);
    if (!fresh && known->second != value)
      errors.add(table.where(row), "'" + column + "' of patient '" + known->first + "' is '" +
                                       value + "', '" + known->second + "' in an earlier row");
    values.insert(value);
  }
  errors.raise();
  if (values.size() > grouping_detail::kMostGroups)
    throw Error(file.string(),
                "'" + column + "' has " + std::to_string(values.size()) +
                    " different values; at most " + std::to_string(grouping_detail::kMostGroups) +
                    " make subgroups",
                "cut numbers, for example --by " + column + ":50,65");
  return grouping;
}

}  // namespace tractrix::eval
