// The members of a zip archive, located by an own bounds-checked reader of the central directory.
// Nothing is ever unpacked to disk. Source of the format: PKWARE APPNOTE 6.3.9.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tractrix/core/raw_file.hpp"

namespace tractrix::data {

struct ZipMember {
  std::string name;
  uint64_t offset = 0;  // of the member's bytes in the file
  uint64_t stored = 0, size = 0;
  uint32_t crc = 0;
  bool deflated = false;
};

class Zip {
 public:
  // Throws an Error when the directory is damaged or names one member twice.
  explicit Zip(const RawFile& file);

  const std::vector<ZipMember>& members() const { return members_; }
  const ZipMember* find(const std::string& name) const;
  // The member's bytes, CRC-32 checked. `size` bytes are expected: more are never unpacked.
  void read(const ZipMember& member, char* to, uint64_t size) const;
  std::string read(const ZipMember& member, uint64_t most) const;

 private:
  void read_directory(uint64_t at, uint64_t length, uint64_t count);
  void locate(ZipMember& member, uint64_t header) const;
  [[noreturn]] void refuse(const std::string& what) const;

  const RawFile& file_;
  std::vector<ZipMember> members_;
};

}  // namespace tractrix::data
