// Bounded reads of a file's bytes, and what a file that is no feature file most likely is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace tractrix {

class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& file);
  ~RawFile();
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  uint64_t size() const { return size_; }
  int descriptor() const { return fd_; }
  const std::string& name() const { return name_; }
  bool holds(uint64_t offset, uint64_t length) const {
    return offset <= size_ && length <= size_ - offset;
  }
  // Throws an Error when the file has no such bytes.
  void read(uint64_t offset, void* to, uint64_t length) const;
  std::string text(uint64_t offset, uint64_t length) const;

 private:
  std::string name_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

// Little-endian integers of 1 to 8 bytes.
uint64_t little_endian(std::string_view bytes);

bool valid_utf8(std::string_view text);
// Bytes of a file as they may stand in a message: control characters and broken UTF-8 become '?'.
std::string printable(std::string_view text, size_t most = 80);

// Throws an Error that says what the file is instead: empty, a git-lfs pointer, a web page, zeros.
[[noreturn]] void refuse_unknown(const RawFile& file);

}  // namespace tractrix
