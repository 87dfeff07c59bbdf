#include "tractrix/core/file.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "tractrix/core/error.hpp"
#include "tractrix/core/json.hpp"

namespace tractrix {
namespace {

constexpr const char* kTemporary = ".tractrix-tmp";

std::string hint_for(int code) {
  if (code == ENOSPC || code == EDQUOT) return "free some space, or choose another folder";
  if (code == EACCES || code == EPERM || code == EROFS) return "check who may write there";
  return {};
}

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& doing) {
  const int code = errno;
  throw Error(file.string(), doing + ": " + std::strerror(code), hint_for(code));
}

// An open file descriptor; closed without a word when something else went wrong first.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& file, int flags)
      : fd_(::open(file.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  bool write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // Closing can report a delayed write error (network file systems), so it is checked.
  bool finish() {
    const bool flushed = ::fsync(fd_) == 0;
    const int code = errno;
    const bool closed = ::close(std::exchange(fd_, -1)) == 0;
    if (!flushed) errno = code;
    return flushed && closed;
  }

 private:
  int fd_;
};

void flush_folder(const std::filesystem::path& folder) {
  Descriptor d(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (d.valid()) d.finish();
}

std::string hex(const unsigned char* bytes, unsigned length) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string text() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), out.data(), &length);
    return hex(out.data(), length);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string read_file(const std::filesystem::path& file, uint64_t most) {
  std::error_code code;
  const auto status = std::filesystem::status(file, code);
  if (!std::filesystem::exists(status)) throw Error(file.string(), "there is no such file");
  if (!std::filesystem::is_regular_file(status))
    throw Error(file.string(), "is not a regular file");
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file, "cannot be opened");
  const uint64_t size = std::filesystem::file_size(file);
  if (size > most) {
    throw Error(file.string(), "has " + std::to_string(size) + " bytes; at most " +
                                   std::to_string(most) + " are read here");
  }
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<uint64_t>(in.gcount()) != size)
    throw Error(file.string(), "could not be read whole");
  return bytes;
}

void write_file(const std::filesystem::path& file, const std::function<void(const Sink&)>& fill) {
  const auto temporary = temporary_for(file);
  Descriptor out(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (!out.valid()) fail(file, "cannot be written");
  try {
    fill([&](std::string_view bytes) {
      if (!out.write_all(bytes)) fail(file, "cannot be written");
    });
    if (!out.finish()) fail(file, "cannot be written");
    if (::rename(temporary.c_str(), file.c_str()) != 0) fail(file, "cannot be replaced");
  } catch (...) {  // clean up, then pass on whatever it was
    ::unlink(temporary.c_str());
    throw;
  }
  flush_folder(file.parent_path());
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  write_file(file, [&](const Sink& sink) { sink(bytes); });
}

std::filesystem::path temporary_for(const std::filesystem::path& file) {
  auto temporary = file;
  temporary += kTemporary + std::to_string(::getpid());
  return temporary;
}

void put_in_place(const std::filesystem::path& temporary, const std::filesystem::path& file) {
  const auto flush = [&](const std::filesystem::path& path, int flags) {
    Descriptor written(path, flags);
    if (!written.valid() || !written.finish()) fail(file, "cannot be flushed to the disk");
  };
  flush(temporary, O_RDWR);
  if (::rename(temporary.c_str(), file.c_str()) != 0) fail(file, "cannot be replaced");
  const auto folder = file.parent_path();
  flush(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
}

void append_line(const std::filesystem::path& file, std::string_view line) {
  Descriptor out(file, O_WRONLY | O_CREAT | O_APPEND);
  if (!out.valid() || !out.write_all(std::string(line) + "\n") || !out.finish()) {
    fail(file, "cannot be written");
  }
}

void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    if (entry.path().filename().string().find(kTemporary) != std::string::npos) {
      std::filesystem::remove(entry.path(), code);
    }
  }
}

std::string sha256(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.text();
}

std::string sha256_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file, "cannot be opened");
  Digest digest;
  std::string block(1 << 20, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    digest.add({block.data(), static_cast<size_t>(in.gcount())});
  }
  return digest.text();
}

Json read_json(const std::filesystem::path& file) {
  try {
    return Json::parse(read_file(file, 256u << 20));
  } catch (const Json::exception& e) {
    throw Error(file.string(), std::string("is no valid JSON: ") + e.what());
  }
}

}  // namespace tractrix
