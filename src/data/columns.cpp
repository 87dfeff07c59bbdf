#include "tractrix/data/columns.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace tractrix::data {
namespace columns_detail {

using Index = std::unordered_map<std::string, int64_t>;

// Group vectors are ordered by the bytes of the column name (ASXL1_cnv before EXT1_cnv).
void add_group(ColumnChoice& choice, const std::string& group, std::vector<std::string> names,
               const Index& position) {
  std::sort(names.begin(), names.end());
  auto& indices = choice.groups[group];
  for (const auto& name : names) indices.push_back(position.at(name));
}

ColumnChoice from_signatures(const InputOptions& input, const CsvTable& table) {
  const auto signatures = read_signatures(input.signatures);
  const std::set<std::string> available(table.header().begin(), table.header().end());
  Named<std::vector<std::string>> found;
  std::set<std::string> used;
  for (const auto& [group, symbols] : signatures) {
    auto& names = found[group];
    for (const auto& symbol : symbols) {
      for (const auto& suffix : input.suffixes) {
        if (available.contains(symbol + suffix)) names.push_back(symbol + suffix);
      }
    }
    used.insert(names.begin(), names.end());
  }
  ColumnChoice choice;
  Index position;
  for (const auto& column : table.header()) {
    if (!used.contains(column)) continue;
    position[column] = static_cast<int64_t>(choice.columns.size());
    choice.columns.push_back(column);
  }
  for (const auto& [group, names] : found) {
    if (!names.empty()) add_group(choice, group, names, position);
  }
  return choice;
}

ColumnChoice mcat_block(const CsvTable& table) {
  // Twelve metadata columns: the last gene and the label moved to the front, an inserted class, and
  // nine of the file's own.
  constexpr size_t kOwnMetadata = 9;
  const auto& all = table.header();
  if (all.size() < kOwnMetadata + 2) {
    throw Error(table.where(), "has " + std::to_string(all.size()) +
                                   " columns; select: mcat_block needs at least 11");
  }
  ColumnChoice choice;
  choice.columns.assign(all.begin() + kOwnMetadata, all.end() - 1);
  return choice;
}

void refuse_labels(const ColumnChoice& choice, const LabelOptions& label, const CsvTable& table) {
  const auto found = label_like(choice, label);
  if (found.empty()) return;
  throw Error(
      table.where(), "the input would hold the label: " + enumerate(found),
      "leave these columns out; select: mcat_block keeps them for parity with published runs");
}

}  // namespace columns_detail

std::vector<std::string> label_like(const ColumnChoice& choice, const LabelOptions& label) {
  std::vector<std::string> found;
  for (const auto& column : choice.columns) {
    const bool time = column == label.time || column.starts_with("survival_");
    const bool event =
        (!label.event.empty() && column == label.event) || column.starts_with("censorship");
    if (time || event || column == "train" || column == "disc_label") found.push_back(column);
  }
  return found;
}

Named<std::vector<std::string>> read_signatures(const std::filesystem::path& file) {
  const CsvTable table = CsvTable::read(file);
  Named<std::vector<std::string>> signatures;
  for (int64_t c = 0; c < table.columns(); ++c) {
    std::set<std::string> seen;
    auto& symbols = signatures[table.header()[static_cast<size_t>(c)]];
    for (int64_t r = 0; r < table.rows(); ++r) {
      const std::string symbol(table.at(r, c));
      if (!symbol.empty() && seen.insert(symbol).second) symbols.push_back(symbol);
    }
  }
  return signatures;
}

ColumnChoice choose_columns(const InputOptions& input, const LabelOptions& label,
                            const CsvTable& table) {
  using namespace columns_detail;
  ColumnChoice choice;
  switch (input.select) {
    case Select::signatures:
      choice = from_signatures(input, table);
      break;
    case Select::mcat_block:
      return mcat_block(table);
    case Select::columns:
      for (const auto& name : input.columns)
        choice.columns.push_back(table.header()[static_cast<size_t>(table.column(name))]);
      break;
    case Select::suffixes:
      for (const auto& name : table.header()) {
        const bool match = std::any_of(input.suffixes.begin(), input.suffixes.end(),
                                       [&](const auto& suffix) { return name.ends_with(suffix); });
        if (match) choice.columns.push_back(name);
      }
      break;
  }
  if (choice.columns.empty()) {
    throw Error(table.where(), "no column fits the input's selection",
                "columns here: " + enumerate(table.header(), 12));
  }
  refuse_labels(choice, label, table);
  return choice;
}

}  // namespace tractrix::data
