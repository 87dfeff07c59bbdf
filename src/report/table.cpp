#include "tractrix/report/table.hpp"

#include <algorithm>

#include "tractrix/core/csv.hpp"
#include "tractrix/report/escape.hpp"

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
                 const std::string& between, bool prose) {
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i)
    text += (i > 0 ? between : "") + padded(cells[i], to[i], prose || i == 0);
  return text;
}

struct Marks {
  const char *best_open, *best_close, *second_open, *second_close;
};

// The same table with its cells in another language.
template <class Escape>
Table translated(const Table& table, const Marks& marks, Escape&& escape) {
  Table out;
  out.prose = table.prose;
  for (const auto& cell : table.header) out.header.push_back(escape(cell));
  for (size_t r = 0; r < table.rows.size(); ++r) {
    auto& row = out.rows.emplace_back();
    for (size_t c = 0; c < table.rows[r].size(); ++c) {
      auto cell = escape(table.rows[r][c]);
      const auto mark = table.emphasis.find({r, c});
      if (mark != table.emphasis.end()) {
        const bool best = mark->second == Emphasis::best;
        cell = (best ? marks.best_open : marks.second_open) + cell +
               (best ? marks.best_close : marks.second_close);
      }
      row.push_back(std::move(cell));
    }
  }
  return out;
}

std::string joined(const std::vector<std::string>& cells, const std::string& before,
                   const std::string& between, const std::string& after) {
  std::string out = before;
  for (size_t i = 0; i < cells.size(); ++i) out += (i > 0 ? between : "") + cells[i];
  return out + after;
}

}  // namespace

std::string text(const Table& table) {
  const auto to = widths(table);
  const auto trimmed = [](std::string l) { return l.erase(l.find_last_not_of(' ') + 1) + "\n"; };
  std::string out = trimmed(line(table.header, to, "  ", table.prose));
  for (const auto& row : table.rows) out += trimmed(line(row, to, "  ", table.prose));
  return out;
}

std::string markdown(const Table& table) {
  const auto shown = translated(table, {"**", "**", "<u>", "</u>"}, markdown_escaped);
  const auto to = widths(shown);
  std::string out = "| " + line(shown.header, to, " | ", table.prose) + " |\n|";
  for (size_t i = 0; i < to.size(); ++i)
    out += std::string(to[i] + 1, '-') + (table.prose || i == 0 ? "-|" : ":|");
  out += "\n";
  for (const auto& row : shown.rows) out += "| " + line(row, to, " | ", table.prose) + " |\n";
  return out;
}

std::string csv(const Table& table) {
  const auto shown = translated(table, {"", "", "", ""}, csv_field);
  std::string out = joined(shown.header, "", ",", "\n");
  for (const auto& row : shown.rows) out += joined(row, "", ",", "\n");
  return out;
}

std::string tex(const Table& table) {
  const auto shown = translated(table, {"\\textbf{", "}", "\\underline{", "}"}, tex_escaped);
  std::string out =
      "\\begin{tabular}{l" +
      std::string(std::max<size_t>(shown.header.size(), 1) - 1, table.prose ? 'l' : 'r') +
      "}\n\\toprule\n" + joined(shown.header, "", " & ", " \\\\\n\\midrule\n");
  for (const auto& row : shown.rows) out += joined(row, "", " & ", " \\\\\n");
  return out + "\\bottomrule\n\\end{tabular}\n";
}

std::string html(const Table& table) {
  const auto shown = translated(table, {"<b>", "</b>", "<u>", "</u>"}, html_escaped);
  std::string out = std::string(table.prose ? "<table class=\"prose\">" : "<table>") + "\n<thead>" +
                    joined(shown.header, "<tr><th>", "</th><th>", "</th></tr>") +
                    "</thead>\n<tbody>\n";
  for (const auto& row : shown.rows)
    out += joined(row, "<tr><td>", "</td><td>", "</td></tr>") + "\n";
  return out + "</tbody>\n</table>\n";
}

}  // namespace tractrix::report
