// Tables as text: RFC 4180 with what real files add (gzip, byte order mark, blank lines), strict
// about the rest. What a value means (a negative time, an unknown id) is the caller's business.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tractrix {

// Text of a file in UTF-8, without a byte order mark; gzip is recognised by content, not by name.
// Throws an Error that names the cause: more than most bytes (after decompression, too), a
// truncated or damaged gzip stream, UTF-16, a byte that is not UTF-8 (with its line), an HTML page,
// a Git LFS pointer or a ZIP archive in place of a table.
std::string read_text(const std::filesystem::path& file, uint64_t most = uint64_t{1} << 30);

struct CsvOptions {
  char separator = ',';
};

// Header and rows of strings, in file order. Cheap to copy and to move: copies share one buffer.
class CsvTable {
 public:
  // where: the file's name for messages. Throws an Error with file:line for an empty text, a header
  // without rows, a row of another length than the header, a named column twice, a NUL byte, a
  // quote that is never closed or stands inside an unquoted field, and a header that only another
  // separator splits.
  static CsvTable parse(std::string text, const std::string& where, const CsvOptions& options = {});
  static CsvTable read(const std::filesystem::path& file, const CsvOptions& options = {});

  int64_t rows() const { return columns() == 0 ? 0 : static_cast<int64_t>(lines_.size()); }
  int64_t columns() const { return static_cast<int64_t>(header_.size()); }
  // Names as written; a pandas index column has the name "". Unnamed columns may repeat.
  const std::vector<std::string>& header() const { return header_; }
  // The view lives as long as this table or a copy of it.
  std::string_view at(int64_t row, int64_t column) const;
  // Line (from 1) on which a row starts; an embedded newline makes it differ from the row's number.
  int64_t line(int64_t row) const { return lines_.at(static_cast<size_t>(row)); }

  std::optional<int64_t> find(std::string_view column) const;
  // Throws an Error that lists the columns there are and proposes the nearest.
  int64_t column(std::string_view name) const;

  const std::string& where() const { return where_; }
  // "file:line" for messages about a row.
  std::string where(int64_t row) const { return where_ + ":" + std::to_string(line(row)); }

 private:
  friend class CsvParser;
  struct Cell {
    uint32_t begin, length;
  };
  std::string where_;
  std::shared_ptr<const std::string> text_;
  std::vector<std::string> header_;
  std::vector<Cell> cells_;  // [rows, columns], row-major
  std::vector<int64_t> lines_;
};

// A whole field as a finite number, correctly rounded; none for "", "NA", "nan", "inf", "1.2.5",
// "12,5" or blanks around it.
std::optional<double> parse_number(std::string_view field);
std::optional<int64_t> parse_integer(std::string_view field);

// The shortest decimal form that reads back to the same bits.
std::string shortest(double value);

// A field ready to be written: quoted when it has to be.
std::string csv_field(std::string_view field);

}  // namespace tractrix
