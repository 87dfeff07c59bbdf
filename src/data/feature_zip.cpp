#include "feature_zip.hpp"

#include <zlib.h>

#include <algorithm>
#include <set>

#include "tractrix/core/error.hpp"

namespace tractrix::data {
namespace zip {

constexpr uint64_t kEndSize = 22, kLocatorSize = 20, kEnd64Size = 56, kEntrySize = 46,
                   kLocalSize = 30;
constexpr uint64_t kMostComment = 65535, kMostDirectory = uint64_t{64} << 20;
constexpr uint32_t kFull32 = 0xFFFFFFFFu;

uint64_t at(const std::string& bytes, size_t offset, size_t length) {
  return little_endian(std::string_view(bytes).substr(offset, length));
}

// Sizes and offset that do not fit 32 bits, from the extra field with id 1; in this order, only
// those that are marked.
bool extra64(std::string_view extra, uint64_t& size, uint64_t& stored, uint64_t& offset) {
  if (size != kFull32 && stored != kFull32 && offset != kFull32) return true;
  for (size_t i = 0; i + 4 <= extra.size();) {
    const uint64_t id = little_endian(extra.substr(i, 2)),
                   length = little_endian(extra.substr(i + 2, 2));
    if (length > extra.size() - i - 4) return false;
    if (id == 1) {
      std::string_view field = extra.substr(i + 4, length);
      for (uint64_t* value : {&size, &stored, &offset}) {
        if (*value != kFull32) continue;
        if (field.size() < 8) return false;
        *value = little_endian(field.substr(0, 8));
        field.remove_prefix(8);
      }
      return true;
    }
    i += 4 + length;
  }
  return false;
}

}  // namespace zip

void Zip::refuse(const std::string& what) const { throw Error(file_.name(), what); }

Zip::Zip(const RawFile& file) : file_(file) {
  const uint64_t tail_size = std::min(file.size(), zip::kEndSize + zip::kMostComment);
  const uint64_t tail_at = file.size() - tail_size;
  const std::string tail = file.text(tail_at, tail_size);
  const size_t found = tail.rfind(std::string_view("PK\x05\x06", 4));
  if (found == std::string::npos || tail.size() - found < zip::kEndSize) {
    throw Error(file.name(), "is a truncated zip archive: its directory at the end is missing",
                "copy it again");
  }
  const std::string end = tail.substr(found, zip::kEndSize);
  uint64_t count = zip::at(end, 10, 2), length = zip::at(end, 12, 4), start = zip::at(end, 16, 4);
  const uint64_t end_at = tail_at + found;
  if (count == 0xFFFF || length == zip::kFull32 || start == zip::kFull32) {
    if (end_at < zip::kLocatorSize) refuse("is a damaged zip archive");
    const std::string locator = file.text(end_at - zip::kLocatorSize, zip::kLocatorSize);
    if (locator.compare(0, 4, std::string_view("PK\x06\x07", 4)) != 0)
      refuse("is a damaged zip archive");
    const std::string wide = file.text(zip::at(locator, 8, 8), zip::kEnd64Size);
    if (wide.compare(0, 4, std::string_view("PK\x06\x06", 4)) != 0)
      refuse("is a damaged zip archive");
    count = zip::at(wide, 32, 8);
    length = zip::at(wide, 40, 8);
    start = zip::at(wide, 48, 8);
  }
  if (length > zip::kMostDirectory)
    refuse("is a damaged zip archive: its directory claims " + std::to_string(length) + " bytes");
  read_directory(start, length, count);
}

void Zip::read_directory(uint64_t start, uint64_t length, uint64_t count) {
  const std::string directory = file_.text(start, length);
  std::set<std::string> names;
  for (size_t i = 0; i < directory.size();) {
    if (directory.size() - i < zip::kEntrySize ||
        directory.compare(i, 4, std::string_view("PK\x01\x02", 4)) != 0) {
      refuse("is a damaged zip archive: its directory is broken");
    }
    const uint64_t name = zip::at(directory, i + 28, 2), extra = zip::at(directory, i + 30, 2),
                   comment = zip::at(directory, i + 32, 2);
    if (name + extra + comment > directory.size() - i - zip::kEntrySize)
      refuse("is a damaged zip archive");
    ZipMember member;
    member.name = directory.substr(i + zip::kEntrySize, name);
    member.crc = static_cast<uint32_t>(zip::at(directory, i + 16, 4));
    member.stored = zip::at(directory, i + 20, 4);
    member.size = zip::at(directory, i + 24, 4);
    uint64_t header = zip::at(directory, i + 42, 4);
    if (!zip::extra64(std::string_view(directory).substr(i + zip::kEntrySize + name, extra),
                      member.size, member.stored, header)) {
      refuse("is a damaged zip archive: a size is missing");
    }
    const uint64_t method = zip::at(directory, i + 10, 2), flags = zip::at(directory, i + 8, 2);
    const std::string shown = "member '" + printable(member.name) + "' ";
    if (flags & 1u) refuse(shown + "is encrypted");
    if (method != 0 && method != 8)
      refuse(shown + "is packed by method " + std::to_string(method) + ", not by deflate");
    member.deflated = method == 8;
    if (!names.insert(member.name).second)
      refuse(shown + "is there twice: readers would disagree on which one counts");
    locate(member, header);
    members_.push_back(std::move(member));
    i += zip::kEntrySize + name + extra + comment;
  }
  if (members_.size() != count)
    refuse("is a damaged zip archive: " + std::to_string(count) + " members are announced");
}

void Zip::locate(ZipMember& member, uint64_t header) const {
  const std::string shown = "member '" + printable(member.name) + "' ";
  const std::string local = file_.text(header, zip::kLocalSize);
  if (local.compare(0, 4, std::string_view("PK\x03\x04", 4)) != 0)
    refuse(shown + "has no local header: damaged");
  const uint64_t name = zip::at(local, 26, 2);
  member.offset = header + zip::kLocalSize + name + zip::at(local, 28, 2);
  if (name != member.name.size() || file_.text(header + zip::kLocalSize, name) != member.name) {
    refuse(shown + "has another name in its local header");
  }
  if (!file_.holds(member.offset, member.stored)) {
    refuse(shown + "claims " + std::to_string(member.stored) +
           " bytes that the file does not have");
  }
  if (!member.deflated && member.size != member.stored) refuse(shown + "has two different sizes");
  if (member.deflated && member.size > member.stored * 1032 + 1032)
    refuse(shown + "claims to unpack beyond what deflate can hold");
}

const ZipMember* Zip::find(const std::string& name) const {
  for (const auto& member : members_)
    if (member.name == name) return &member;
  return nullptr;
}

void Zip::read(const ZipMember& member, char* to, uint64_t size) const {
  const std::string shown = "member '" + printable(member.name) + "' ";
  if (member.size != size) {
    refuse(shown + "holds " + std::to_string(member.size) + " bytes, " + std::to_string(size) +
           " are expected");
  }
  if (!member.deflated) {
    file_.read(member.offset, to, size);
  } else {
    const std::string raw = file_.text(member.offset, member.stored);
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) refuse("zlib could not be started");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
    stream.next_out = reinterpret_cast<Bytef*>(to);
    uint64_t packed = raw.size(), room = size;
    int code = Z_OK;
    while (code == Z_OK) {  // zlib counts in 32 bits
      const auto in = static_cast<uInt>(std::min<uint64_t>(packed, 1u << 30));
      const auto out = static_cast<uInt>(std::min<uint64_t>(room, 1u << 30));
      stream.avail_in = in;
      stream.avail_out = out;
      code = inflate(&stream, Z_NO_FLUSH);
      packed -= in - stream.avail_in;
      room -= out - stream.avail_out;
    }
    inflateEnd(&stream);
    if (code != Z_STREAM_END || room != 0) refuse(shown + "has a damaged deflate stream");
  }
  uLong crc = crc32(0, nullptr, 0);
  for (uint64_t done = 0; done < size;) {
    const auto part = static_cast<uInt>(std::min<uint64_t>(size - done, 1u << 30));
    crc = crc32(crc, reinterpret_cast<const Bytef*>(to + done), part);
    done += part;
  }
  if (static_cast<uint32_t>(crc) != member.crc)
    refuse(shown + "does not match its checksum (CRC-32): damaged");
}

std::string Zip::read(const ZipMember& member, uint64_t most) const {
  if (member.size > most) {
    refuse("member '" + printable(member.name) + "' claims " + std::to_string(member.size) +
           " bytes, at most " + std::to_string(most) + " are read");
  }
  std::string bytes(member.size, '\0');
  read(member, bytes.data(), bytes.size());
  return bytes;
}

}  // namespace tractrix::data
