#include "tractrix/core/raw_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tractrix/core/error.hpp"

namespace tractrix {

RawFile::RawFile(const std::filesystem::path& file) : name_(file.string()) {
  fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hang here
  if (fd_ < 0) {
    throw Error(name_, errno == ENOENT ? "there is no such file"
                                       : std::string("cannot be opened: ") + std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd_);
    throw Error(name_, "is not a regular file");
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

RawFile::~RawFile() { ::close(fd_); }

void RawFile::read(uint64_t offset, void* to, uint64_t length) const {
  if (!holds(offset, length)) {
    throw Error(name_, "is truncated or damaged: bytes up to " + std::to_string(offset) + " + " +
                           std::to_string(length) + " are named, the file has " +
                           std::to_string(size_));
  }
  auto* out = static_cast<char*>(to);
  while (length > 0) {
    const ssize_t n =
        ::pread(fd_, out, std::min(length, uint64_t{1} << 30), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      throw Error(name_, n < 0 ? std::string("cannot be read: ") + std::strerror(errno)
                               : std::string("became shorter while it was read"));
    }
    out += n;
    offset += static_cast<uint64_t>(n);
    length -= static_cast<uint64_t>(n);
  }
}

std::string RawFile::text(uint64_t offset, uint64_t length) const {
  if (!holds(offset, length)) read(offset, nullptr, length);  // throws, before any allocation
  std::string bytes(length, '\0');
  read(offset, bytes.data(), length);
  return bytes;
}

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool valid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[i + k]); };
    const size_t length = byte(0) < 0x80   ? 1
                          : byte(0) < 0xC2 ? 0
                          : byte(0) < 0xE0 ? 2
                          : byte(0) < 0xF0 ? 3
                          : byte(0) < 0xF5 ? 4
                                           : 0;
    if (length == 0 || length > text.size() - i) return false;
    for (size_t k = 1; k < length; ++k)
      if ((byte(k) & 0xC0) != 0x80) return false;
    // overlong forms, surrogates and values past U+10FFFF
    if (length == 3 && ((byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xED && byte(1) > 0x9F)))
      return false;
    if (length == 4 && ((byte(0) == 0xF0 && byte(1) < 0x90) || (byte(0) == 0xF4 && byte(1) > 0x8F)))
      return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view text, size_t most) {
  std::string shown(text.substr(0, most));
  const bool broken = !valid_utf8(shown);
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (broken && byte >= 0x80)) c = '?';
  }
  return text.size() > most ? shown + "..." : shown;
}

void refuse_unknown(const RawFile& file) {
  const std::string head = file.text(0, std::min<uint64_t>(file.size(), 4096));
  const auto starts = [&](std::string_view text) {
    return head.compare(0, text.size(), text) == 0;
  };
  if (head.empty()) {
    throw Error(file.name(), "is empty (0 bytes)",
                "it was never written or not copied: fetch it again");
  }
  if (starts("version https://git-lfs")) {
    throw Error(file.name(), "is a git-lfs pointer: the data were never fetched",
                "run: git lfs pull");
  }
  std::string lower = head.substr(0, 512);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.find("<html") != std::string::npos || lower.find("<!doctype") != std::string::npos) {
    throw Error(file.name(), "is a web page (HTML), most likely an error page of the server",
                "download the file again");
  }
  if (head.find_first_not_of('\0') == std::string::npos) {
    throw Error(file.name(), "begins with zero bytes: a sparse copy that failed", "copy it again");
  }
  if (static_cast<unsigned char>(head[0]) == 0x80 || starts("cos\n") || starts("(")) {
    throw Error(file.name(), "is a plain pickle, not a file of torch.save; it is never executed",
                "load it in Python and save one tensor: torch.save(torch.as_tensor(x), 'x.pt')");
  }
  throw Error(file.name(), "is no feature file: neither HDF5 nor written by torch.save");
}

}  // namespace tractrix
