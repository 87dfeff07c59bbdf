// Images of tissue: regions of large files, small ones in memory. RGB of 8 bits only; alpha is laid
// over white.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tractrix::spatial {

struct Pixels {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3]
  const uint8_t* at(int64_t x, int64_t y) const { return rgb.data() + 3 * (y * width + x); }
  uint8_t* at(int64_t x, int64_t y) { return rgb.data() + 3 * (y * width + x); }
};

class Image {
 public:
  // By content: JPEG and PNG are decoded whole when opened (at most 4 GiB of pixels), TIFF gives
  // tiles or strips on request, whatever OpenSlide knows by name (SVS, NDPI, MRXS, ...) is read
  // through it. Throws an Error for a missing, damaged or unknown file.
  static std::unique_ptr<Image> open(const std::filesystem::path& file);
  virtual ~Image() = default;

  int64_t width() const { return width_; }
  int64_t height() const { return height_; }
  const std::string& kind() const { return kind_; }  // "jpeg", "png", "tiff", "openslide aperio"
  // Of the full resolution. Throws an Error when it reaches beyond the image. Several threads may
  // ask at once.
  Pixels read(int64_t x, int64_t y, int64_t width, int64_t height);

 protected:
  virtual Pixels region(int64_t x, int64_t y, int64_t width, int64_t height) = 0;
  std::filesystem::path file_;
  std::string kind_;
  int64_t width_ = 0, height_ = 0;
};

// The same file through OpenSlide, whatever its kind.
std::unique_ptr<Image> open_slide(const std::filesystem::path& file);

// JPEG or PNG in memory. most: pixels; where: for messages.
Pixels decode(std::string_view bytes, const std::string& where, int64_t most = int64_t{1} << 30);
// Lossless, fast rather than small.
std::string encode_png(const Pixels& pixels);
// quality 1 to 100, 4:4:4.
std::string encode_jpeg(const Pixels& pixels, int quality);

// Lanczos as Pillow computes it (support 3, 22-bit weights, first along rows): the same bytes.
Pixels resized(const Pixels& pixels, int64_t width, int64_t height);

}  // namespace tractrix::spatial
