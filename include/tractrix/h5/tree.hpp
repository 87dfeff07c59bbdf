// An HDF5 file of any layout as a tree: what is in it, seen once in the sandbox, and arrays on
// request. For files with groups within groups (h5ad, 10x, packed sections); a file's own kind
// knows what the names mean.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/core/json.hpp"
#include "tractrix/core/named.hpp"

namespace tractrix::h5 {

// A whole data set. Numbers are converted when asked for; text keeps its bytes as UTF-8.
struct Array {
  std::string where, type;         // type as in Shape: f32, i64, u8, text ...
  std::vector<int64_t> dims;       // row-major
  std::string bytes;               // native byte order
  std::vector<std::string> texts;  // of text, row-major
  int64_t count() const;
  bool text() const { return type.rfind("text", 0) == 0; }
  // Throw an Error for text; integers() for a number with a fraction, too.
  std::vector<double> numbers() const;
  std::vector<int64_t> integers() const;
};

class Tree {
 public:
  // Every name down to six levels with shapes and attributes. Soft and external links are listed,
  // never followed; what is refused is refused when it is asked for. Throws an Error for a file
  // that is damaged, hostile or no HDF5.
  static Tree read(const std::filesystem::path& file);

  const std::filesystem::path& file() const { return file_; }
  // Paths are "obs/in_tissue"; a field of records (a compound type) is "obs@index"; "" is the root.
  bool has(const std::string& path) const;
  bool is_group(const std::string& path) const;
  bool is_records(const std::string& path) const;
  std::vector<std::string> members(const std::string& group) const;
  std::vector<std::string> fields(const std::string& records) const;
  std::vector<int64_t> dims(const std::string& dataset) const;
  std::string type(const std::string& dataset) const;
  const Json& attributes(const std::string& path) const;
  // An attribute of text, or "".
  std::string attribute(const std::string& path, const std::string& name) const;

  // The arrays of these paths, read by one sandboxed child. At most most bytes in all.
  Named<Array> load(const std::vector<std::string>& paths, uint64_t most = uint64_t{8} << 30) const;
  Array load_one(const std::string& path) const;
  // Where the bytes of a data set in one piece begin in the file; throws an Error for another one.
  uint64_t address(const std::string& dataset) const;

 private:
  const Json& node(const std::string& path) const;
  uint64_t bytes_of(const std::string& path) const;
  std::filesystem::path file_;
  Json nodes_;
};

}  // namespace tractrix::h5
