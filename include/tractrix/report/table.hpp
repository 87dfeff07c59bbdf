// Plain tables for terminals, Markdown, CSV, LaTeX and HTML.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tractrix::report {

enum class Emphasis { best, second };  // bold, underlined

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::map<std::pair<size_t, size_t>, Emphasis> emphasis = {};  // by row and column, from 0
  bool prose = false;  // sentences rather than numbers: all columns to the left
};

// Columns aligned by spaces; the first one to the left, numbers to the right. Emphasis is not
// shown.
std::string text(const Table& table);
// The others escape their cells (report/escape.hpp).
std::string markdown(const Table& table);
std::string csv(const Table& table);  // RFC 4180, without emphasis
std::string tex(const Table& table);  // a tabular of the package booktabs
std::string html(const Table& table);

}  // namespace tractrix::report
