#include "tractrix/core/csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "tractrix/core/error.hpp"

namespace tractrix {

// One pass over the text. Quoted fields are unescaped in place: what is read lies never before what
// is written.
class CsvParser {
 public:
  CsvParser(std::string text, const std::string& where, const CsvOptions& options)
      : text_(std::move(text)), where_(where), separator_(options.separator) {}

  CsvTable run() {
    if (text_.size() > std::numeric_limits<uint32_t>::max()) {
      throw Error(where_, "has more than 4 GiB of text");
    }
    if (text_.starts_with("\xEF\xBB\xBF")) position_ = 3;
    check_nul();
    table_.where_ = where_;
    read_header();
    while (skip_blank_lines()) read_row();
    problems_.raise();
    if (table_.lines_.empty()) throw Error(where_, "has a header and no row");
    table_.text_ = std::make_shared<const std::string>(std::move(text_));
    return std::move(table_);
  }

 private:
  using Cell = CsvTable::Cell;

  [[noreturn]] void fail(int64_t line, const std::string& what,
                         const std::string& hint = {}) const {
    throw Error(where_ + ":" + std::to_string(line), what, hint);
  }

  void check_nul() const {
    const size_t nul = text_.find('\0');
    if (nul == std::string::npos) return;
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(nul);
    fail(1 + std::count(text_.begin(), end, '\n'), "holds a NUL byte; a table is text",
         "the file is damaged, or it is not a CSV file");
  }

  bool at_end() const { return position_ >= text_.size(); }

  // Moves over one line end; "\r\n", "\n" and a lone "\r" all count as one.
  void skip_line_end() {
    if (at_end()) return;
    if (text_[position_] == '\r') ++position_;
    if (!at_end() && text_[position_] == '\n') ++position_;
    ++line_;
  }

  // False at the end of the text.
  bool skip_blank_lines() {
    while (!at_end()) {
      size_t p = position_;
      while (p < text_.size() && (text_[p] == ' ' || text_[p] == '\t') && text_[p] != separator_)
        ++p;
      if (p < text_.size() && text_[p] != '\n' && text_[p] != '\r') return true;
      position_ = p;
      skip_line_end();
    }
    return false;
  }

  void read_header() {
    if (!skip_blank_lines()) {
      throw Error(where_, "is empty; a header and rows were expected");
    }
    const int64_t line = line_;
    std::vector<Cell> cells;
    read_record(cells);
    for (const Cell& cell : cells) table_.header_.push_back(text_.substr(cell.begin, cell.length));
    check_separator(line);
    std::unordered_map<std::string_view, size_t> seen;
    for (size_t i = 0; i < table_.header_.size(); ++i) {
      const auto [first, fresh] = seen.emplace(table_.header_[i], i);
      if (fresh || table_.header_[i].empty()) continue;
      problems_.add(where_ + ":" + std::to_string(line),
                    "column \"" + table_.header_[i] + "\" is there twice (columns " +
                        std::to_string(first->second + 1) + " and " + std::to_string(i + 1) + ")",
                    "rename or remove one of them");
    }
    problems_.raise();
  }

  // A header that is one column holding other separators was not meant as one column.
  void check_separator(int64_t line) const {
    if (table_.header_.size() != 1) return;
    for (const auto& [other, name] : kSeparators) {
      if (other == separator_ || table_.header_[0].find(other) == std::string::npos) continue;
      fail(line,
           "the header is one column when split at '" + std::string(1, separator_) +
               "'; it holds " + name + "s",
           "is the separator '" + std::string(other == '\t' ? "\\t" : std::string(1, other)) +
               "'? Then set it, or save the table with commas and decimal points");
    }
  }

  void read_row() {
    const int64_t line = line_;
    const size_t before = table_.cells_.size();
    read_record(table_.cells_);
    const size_t fields = table_.cells_.size() - before;
    table_.lines_.push_back(line);
    if (fields == table_.header_.size()) return;
    problems_.add(where_ + ":" + std::to_string(line),
                  "has " + std::to_string(fields) + " fields; " +
                      std::to_string(table_.header_.size()) + " are expected, as in the header",
                  "a field that holds a separator must stand in double quotes");
    if (problems_.size() >= kMostProblems) problems_.raise();
  }

  // One record, with its line end.
  void read_record(std::vector<Cell>& cells) {
    while (true) {
      if (!at_end() && text_[position_] == '"') {
        cells.push_back(read_quoted());
      } else {
        cells.push_back(read_plain());
      }
      if (at_end() || text_[position_] != separator_) break;
      ++position_;
    }
    skip_line_end();
  }

  Cell read_plain() {
    const size_t begin = position_;
    while (!at_end()) {
      const char c = text_[position_];
      if (c == separator_ || c == '\n' || c == '\r') break;
      if (c == '"') {
        fail(line_, "a quote stands inside an unquoted field",
             "put the whole field in double quotes and double the quote: \"5\"\" long\"");
      }
      ++position_;
    }
    return cell(begin, position_);
  }

  Cell read_quoted() {
    const int64_t opened = line_;
    const size_t begin = ++position_;
    size_t out = begin;
    while (true) {
      if (at_end()) fail(opened, "a quoted field starts here and never ends");
      const char c = text_[position_++];
      if (c == '\n') ++line_;
      if (c == '"') {
        if (at_end() || text_[position_] != '"') break;
        ++position_;
      }
      text_[out++] = c;
    }
    const bool ends = at_end() || text_[position_] == separator_ || text_[position_] == '\n' ||
                      text_[position_] == '\r';
    if (!ends) fail(line_, "text follows the closing quote of a field");
    return cell(begin, out);
  }

  static Cell cell(size_t begin, size_t end) {
    return {static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)};
  }

  static constexpr size_t kMostProblems = 20;
  static constexpr std::array<std::pair<char, const char*>, 3> kSeparators{
      {{';', "semicolon"}, {'\t', "tab"}, {',', "comma"}}};

  std::string text_;
  std::string where_;
  char separator_;
  size_t position_ = 0;
  int64_t line_ = 1;
  CsvTable table_;
  Errors problems_;
};

CsvTable CsvTable::parse(std::string text, const std::string& where, const CsvOptions& options) {
  return CsvParser(std::move(text), where, options).run();
}

CsvTable CsvTable::read(const std::filesystem::path& file, const CsvOptions& options) {
  return parse(read_text(file), file.string(), options);
}

std::string_view CsvTable::at(int64_t row, int64_t column) const {
  if (row < 0 || row >= rows() || column < 0 || column >= columns()) {
    throw std::out_of_range("CsvTable::at");
  }
  const Cell cell = cells_[static_cast<size_t>(row * columns() + column)];
  return std::string_view(*text_).substr(cell.begin, cell.length);
}

std::optional<int64_t> CsvTable::find(std::string_view column) const {
  const auto it = std::find(header_.begin(), header_.end(), column);
  if (it == header_.end()) return std::nullopt;
  return it - header_.begin();
}

int64_t CsvTable::column(std::string_view name) const {
  if (const auto found = find(name)) return *found;
  const std::string near = nearest(name, header_);
  std::vector<std::string> quoted;
  for (const auto& column : header_) quoted.push_back("\"" + column + "\"");
  throw Error(where_,
              "has no column \"" + std::string(name) + "\"; there are: " + enumerate(quoted, 12),
              near.empty() ? "" : "did you mean \"" + near + "\"?");
}

std::optional<double> parse_number(std::string_view field) {
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (code != std::errc() || end != field.data() + field.size()) return std::nullopt;
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_integer(std::string_view field) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (code != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return code == std::errc() ? std::string(buffer.data(), end) : std::string();
}

std::string csv_field(std::string_view field) {
  const bool padded = !field.empty() && (field.front() == ' ' || field.back() == ' ');
  if (!padded && field.find_first_of(",;\t\"\r\n") == std::string_view::npos) {
    return std::string(field);
  }
  std::string quoted = "\"";
  for (char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace tractrix
