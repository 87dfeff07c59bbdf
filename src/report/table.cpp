#include "tractrix/report/table.hpp"

#include <algorithm>

namespace tractrix::report {
namespace {

// Width on a terminal: UTF-8 continuation bytes take none.
size_t width(const std::string& cell) {
  return static_cast<size_t>(std::count_if(cell.begin(), cell.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::vector<size_t> widths(const Table& table) {
  std::vector<size_t> all;
  for (const auto& cell : table.header) all.push_back(width(cell));
  for (const auto& row : table.rows)
    for (size_t i = 0; i < row.size() && i < all.size(); ++i)
      all[i] = std::max(all[i], width(row[i]));
  return all;
}

std::string padded(const std::string& cell, size_t to, bool left) {
  const std::string space(to - std::min(to, width(cell)), ' ');
  return left ? cell + space : space + cell;
}

std::string line(const std::vector<std::string>& cells, const std::vector<size_t>& to,
                 const std::string& between) {
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i)
    text += (i > 0 ? between : "") + padded(cells[i], to[i], i == 0);
  return text;
}

}  // namespace

std::string text(const Table& table) {
  const auto to = widths(table);
  const auto trimmed = [](std::string l) { return l.erase(l.find_last_not_of(' ') + 1) + "\n"; };
  std::string out = trimmed(line(table.header, to, "  "));
  for (const auto& row : table.rows) out += trimmed(line(row, to, "  "));
  return out;
}

std::string markdown(const Table& table) {
  const auto to = widths(table);
  std::string out = "| " + line(table.header, to, " | ") + " |\n|";
  for (size_t i = 0; i < to.size(); ++i)
    out += std::string(to[i] + 1, '-') + (i == 0 ? "-|" : ":|");
  out += "\n";
  for (const auto& row : table.rows) out += "| " + line(row, to, " | ") + " |\n";
  return out;
}

}  // namespace tractrix::report
