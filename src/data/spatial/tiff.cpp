// Tiles and strips through libtiff's RGBA interface, which knows every colour space and compression
// that the library does.
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <list>
#include <mutex>

#include "codecs.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::spatial {
namespace tiffs {

constexpr uint64_t kMostBlock = uint64_t{1} << 30;     // bytes of one decoded tile or strip
constexpr uint64_t kMostCached = uint64_t{128} << 20;  // bytes of decoded blocks that are kept

// The library's handlers are global; what it says concerns the thread that called it.
std::string& last_message() {
  thread_local std::string message;
  return message;
}
void remember(const char*, const char* format, va_list arguments) {
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  last_message() = text;
}

// Rows of tiles; a strip is a tile as wide as the image.
class Tiff final : public Image {
 public:
  explicit Tiff(const std::filesystem::path& file) {
    file_ = file;
    kind_ = "tiff";
    TIFFSetErrorHandler(remember);
    TIFFSetWarningHandler(nullptr);
    tiff_ = TIFFOpen(file.c_str(), "r");
    if (!tiff_) refuse("is no readable TIFF image");
    uint32_t width = 0, height = 0;
    TIFFGetField(tiff_, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff_, TIFFTAG_IMAGELENGTH, &height);
    width_ = width;
    height_ = height;
    tiled_ = TIFFIsTiled(tiff_) != 0;
    uint32_t block_width = width, block_height = 0;
    if (tiled_) {
      TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &block_width);
      TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &block_height);
    } else {
      TIFFGetFieldDefaulted(tiff_, TIFFTAG_ROWSPERSTRIP, &block_height);
      block_height = std::min(block_height, height);
    }
    block_width_ = block_width;
    block_height_ = block_height;
    char message[1024] = {};
    if (width == 0 || height == 0 || block_width == 0 || block_height == 0 ||
        !TIFFRGBAImageOK(tiff_, message))
      refuse_closing(message[0] ? message : "has no pixels");
    if (uint64_t{block_width} * block_height * 4 > kMostBlock)
      refuse_closing("has strips of more than 1 GiB: write it in tiles");
  }
  ~Tiff() override {
    if (tiff_) TIFFClose(tiff_);
  }
  Tiff(const Tiff&) = delete;
  Tiff& operator=(const Tiff&) = delete;

 private:
  using Block = std::vector<uint32_t>;  // rows from below, as the library gives them

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(file_.string(), what + (last_message().empty() ? "" : ": " + last_message()));
  }
  [[noreturn]] void refuse_closing(const std::string& what) {
    TIFFClose(tiff_);
    tiff_ = nullptr;
    throw Error(file_.string(), what);
  }

  Pixels region(int64_t x, int64_t y, int64_t width, int64_t height) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    Pixels out{width, height, std::vector<uint8_t>(static_cast<size_t>(3 * width * height))};
    for (int64_t top = y / block_height_ * block_height_; top < y + height; top += block_height_)
      for (int64_t left = x / block_width_ * block_width_; left < x + width; left += block_width_)
        copy(block(left, top), left, top, x, y, out);
    return out;
  }

  // Rows of this block that the file has: the last strip may be short.
  int64_t rows_of(int64_t top) const {
    return tiled_ ? block_height_ : std::min(block_height_, height_ - top);
  }

  void copy(const Block& block, int64_t left, int64_t top, int64_t x, int64_t y,
            Pixels& out) const {
    const int64_t rows = rows_of(top);
    for (int64_t row = std::max(top, y); row < std::min(top + rows, y + out.height); ++row) {
      const auto* line = block.data() + (rows - 1 - (row - top)) * block_width_;
      for (int64_t column = std::max(left, x);
           column < std::min(left + block_width_, x + out.width); ++column) {
        const uint32_t pixel = line[column - left];
        uint8_t* to = out.at(column - x, row - y);
        const uint32_t alpha = TIFFGetA(pixel);  // colours come multiplied by it
        to[0] = static_cast<uint8_t>(TIFFGetR(pixel) + 255 - alpha);
        to[1] = static_cast<uint8_t>(TIFFGetG(pixel) + 255 - alpha);
        to[2] = static_cast<uint8_t>(TIFFGetB(pixel) + 255 - alpha);
      }
    }
  }

  const Block& block(int64_t left, int64_t top) {
    for (auto it = cache_.begin(); it != cache_.end(); ++it) {
      if (it->first != std::pair(left, top)) continue;
      cache_.splice(cache_.begin(), cache_, it);
      return cache_.front().second;
    }
    Block pixels(static_cast<size_t>(block_width_ * block_height_));
    last_message().clear();
    const auto column = static_cast<uint32_t>(left), row = static_cast<uint32_t>(top);
    const int good = tiled_ ? TIFFReadRGBATileExt(tiff_, column, row, pixels.data(), 1)
                            : TIFFReadRGBAStripExt(tiff_, row, pixels.data(), 1);
    if (!good)
      refuse("cannot be read at column " + std::to_string(left) + ", row " + std::to_string(top));
    const auto most = std::max<uint64_t>(1, kMostCached / (4 * pixels.size()));
    cache_.emplace_front(std::pair(left, top), std::move(pixels));
    while (cache_.size() > most) cache_.pop_back();
    return cache_.front().second;
  }

  TIFF* tiff_ = nullptr;
  bool tiled_ = false;
  int64_t block_width_ = 0, block_height_ = 0;
  std::mutex mutex_;
  std::list<std::pair<std::pair<int64_t, int64_t>, Block>> cache_;  // latest first
};

}  // namespace tiffs

bool is_tiff(std::string_view bytes) {
  using std::string_view;
  for (const auto start : {string_view("II*\0", 4), string_view("MM\0*", 4),
                           string_view("II+\0", 4), string_view("MM\0+", 4)})
    if (bytes.starts_with(start)) return true;
  return false;
}

std::unique_ptr<Image> open_tiff(const std::filesystem::path& file) {
  return std::make_unique<tiffs::Tiff>(file);
}

}  // namespace tractrix::spatial
