// Plain tables for terminals and Markdown.
#pragma once

#include <string>
#include <vector>

namespace tractrix::report {

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

// Columns aligned by spaces; the first one to the left, numbers to the right.
std::string text(const Table& table);
std::string markdown(const Table& table);

}  // namespace tractrix::report
