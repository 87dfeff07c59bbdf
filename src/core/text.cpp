// read_text: bytes of a file to checked UTF-8.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix {
namespace {

std::string too_large(uint64_t most) {
  return "decompresses to more than the " + std::to_string(most) + " bytes that are read here";
}

class Inflater {
 public:
  Inflater(std::string_view input, const std::string& where) : where_(where) {
    // zlib's interface is not const-correct; the input is not written to.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    constexpr int kGzipOnly = 15 + 16;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw Error(where_, "zlib could not be started");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // All members of the file, one after the other, as the gzip program reads them.
  std::string run(uint64_t most) {
    std::string out;
    const auto buffer = std::make_unique<std::array<unsigned char, 1 << 16>>();
    while (true) {
      stream_.next_out = buffer->data();
      stream_.avail_out = static_cast<uInt>(buffer->size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      const size_t produced = buffer->size() - stream_.avail_out;
      if (out.size() + produced > most) throw Error(where_, too_large(most));
      out.append(reinterpret_cast<const char*>(buffer->data()), produced);
      if (code == Z_STREAM_END) {
        if (!next_member()) return out;
      } else if (code == Z_BUF_ERROR) {
        throw Error(
            where_,
            "the gzip stream is cut short after " + std::to_string(out.size()) + " bytes of text",
            "download or copy the file again");
      } else if (code != Z_OK) {
        const std::string reason = stream_.msg != nullptr ? stream_.msg : "unknown defect";
        throw Error(where_, "the gzip stream is damaged: " + reason,
                    "download or copy the file again");
      }
    }
  }

 private:
  bool next_member() {
    while (stream_.avail_in > 0 && *stream_.next_in == 0) {  // padding of tapes and block devices
      ++stream_.next_in;
      --stream_.avail_in;
    }
    return stream_.avail_in > 0 && inflateReset(&stream_) == Z_OK;
  }

  std::string where_;
  z_stream stream_{};
};

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  return std::equal(prefix.begin(), prefix.end(), text.begin(), [](char p, char t) {
    return p == (t >= 'A' && t <= 'Z' ? static_cast<char>(t - 'A' + 'a') : t);
  });
}

void check_kind(std::string_view text, const std::string& where) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw Error(where, "is UTF-16 text (byte order mark); UTF-8 was expected",
                "save it as UTF-8, for instance: iconv -f UTF-16 -t UTF-8");
  }
  if (text.starts_with("PK\x03\x04")) {
    throw Error(where, "is a ZIP archive (as .xlsx files are), not a text table",
                "export the sheet as CSV");
  }
  const size_t start = text.find_first_not_of(" \t\r\n");
  const std::string_view head = start == std::string_view::npos ? "" : text.substr(start);
  for (const std::string_view page : {"<!doctype html", "<html"}) {
    if (!starts_with_ignoring_case(head, page)) continue;
    throw Error(where, "is an HTML page, not a text table",
                "it was probably saved from a sign-in or error page; download the file again");
  }
  if (head.starts_with("version https://git-lfs.github.com/spec")) {
    throw Error(where, "is a Git LFS pointer, not the table itself", "run: git lfs pull");
  }
}

// Length of the UTF-8 character at the start of text, 0 when there is none: overlong forms,
// surrogates and values above U+10FFFF are none (RFC 3629, table 3-7 of the Unicode standard).
size_t character_length(std::string_view text) {
  const auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned b = byte(0);
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b <= 0xDF) return follows(1) ? 2 : 0;
  if (b >= 0xE0 && b <= 0xEF) {
    const bool first = follows(1, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF);
    return first && follows(2) ? 3 : 0;
  }
  if (b >= 0xF0 && b <= 0xF4) {
    const bool first = follows(1, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF);
    return first && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void check_utf8(std::string_view text, const std::string& where) {
  size_t i = 0;
  while (i < text.size()) {
    uint64_t eight = 0;
    if (i + 8 <= text.size()) {
      std::memcpy(&eight, text.data() + i, 8);
      if ((eight & 0x8080808080808080ull) == 0) {
        i += 8;
        continue;
      }
    }
    const size_t length = character_length(text.substr(i));
    if (length == 0) {
      constexpr char kDigits[] = "0123456789ABCDEF";
      const auto value = static_cast<unsigned char>(text[i]);
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(i), '\n');
      throw Error(
          where + ":" + std::to_string(line),
          std::string("byte 0x") + kDigits[value >> 4] + kDigits[value & 15] + " is not UTF-8",
          "convert the file, for instance: iconv -f LATIN1 -t UTF-8");
    }
    i += length;
  }
}

}  // namespace

std::string read_text(const std::filesystem::path& file, uint64_t most) {
  const std::string where = file.string();
  std::string text = read_file(file, most);
  if (text.starts_with("\x1F\x8B")) text = Inflater(text, where).run(most);
  check_kind(text, where);
  check_utf8(text, where);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

}  // namespace tractrix
