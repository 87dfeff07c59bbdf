#include "tractrix/core/png.hpp"

#include <zlib.h>

#include "tractrix/core/error.hpp"

namespace tractrix {
namespace png_detail {

constexpr int64_t kMostPixels = int64_t{1} << 20;  // per side

std::string big_endian(uint64_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
  return out;
}

// Length, name, content, checksum of name and content.
std::string chunk(const std::string& name, const std::string& content) {
  const std::string body = name + content;
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(content.size()) + body + big_endian(sum);
}

std::string deflated(const std::string& text) {
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::string out(size, '\0');
  const int code =
      compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                reinterpret_cast<const Bytef*>(text.data()), static_cast<uLong>(text.size()), 6);
  if (code != Z_OK) throw Error("png", "zlib could not compress the picture");
  out.resize(size);
  return out;
}

}  // namespace png_detail

std::string png(const Image& image) {
  using namespace png_detail;
  const auto [width, height, rgb] = image;
  if (width < 1 || height < 1 || width > kMostPixels || height > kMostPixels ||
      static_cast<int64_t>(rgb.size()) != 3 * width * height)
    throw Error("png", "a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                           " pixels with " + std::to_string(rgb.size()) + " bytes");
  std::string rows;
  const auto stride = static_cast<size_t>(3 * width);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    rows += '\0';  // no filter
    rows.append(reinterpret_cast<const char*>(rgb.data()) + y * stride, stride);
  }
  // 8 bits per channel, RGB, deflate, the one filter method, not interlaced.
  const std::string header = big_endian(static_cast<uint64_t>(width)) +
                             big_endian(static_cast<uint64_t>(height)) +
                             std::string("\x08\x02\x00\x00\x00", 5);
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR", header) + chunk("IDAT", deflated(rows)) +
         chunk("IEND", "");
}

}  // namespace tractrix
