#include "tractrix/data/spatial/image.hpp"

#include <openslide/openslide.h>

#include <algorithm>
#include <cstring>

#include "codecs.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/raw_file.hpp"

namespace tractrix::spatial {
namespace images {

constexpr int64_t kMostWhole = (int64_t{4} << 30) / 3;  // pixels of an image that is decoded whole

class Whole final : public Image {
 public:
  Whole(const std::filesystem::path& file, std::string kind) {
    file_ = file;
    kind_ = std::move(kind);
    pixels_ = decode(read_file(file), file.string(), kMostWhole);
    width_ = pixels_.width;
    height_ = pixels_.height;
  }

 private:
  Pixels region(int64_t x, int64_t y, int64_t width, int64_t height) override {
    Pixels out{width, height, std::vector<uint8_t>(static_cast<size_t>(3 * width * height))};
    for (int64_t row = 0; row < height; ++row)
      std::memcpy(out.at(0, row), pixels_.at(x, y + row), static_cast<size_t>(3 * width));
    return out;
  }
  Pixels pixels_;
};

class Slide final : public Image {
 public:
  Slide(const std::filesystem::path& file, const std::string& vendor) {
    file_ = file;
    kind_ = "openslide " + vendor;
    slide_ = openslide_open(file.c_str());
    if (!slide_) throw Error(file.string(), "is no slide that OpenSlide can read");
    if (const char* problem = openslide_get_error(slide_)) {
      const std::string message = problem;
      openslide_close(slide_);
      throw Error(file.string(), "cannot be opened by OpenSlide: " + message);
    }
    openslide_get_level0_dimensions(slide_, &width_, &height_);
  }
  ~Slide() override { openslide_close(slide_); }
  Slide(const Slide&) = delete;
  Slide& operator=(const Slide&) = delete;

 private:
  // 0xAARRGGBB, colours multiplied by alpha; outside of the scanned parts alpha is 0.
  Pixels region(int64_t x, int64_t y, int64_t width, int64_t height) override {
    std::vector<uint32_t> pixels(static_cast<size_t>(width * height));
    openslide_read_region(slide_, pixels.data(), x, y, 0, width, height);
    if (const char* problem = openslide_get_error(slide_))
      throw Error(file_.string(), std::string("cannot be read by OpenSlide: ") + problem);
    Pixels out{width, height, std::vector<uint8_t>(3 * pixels.size())};
    for (size_t i = 0; i < pixels.size(); ++i) {
      const uint32_t white = 255 - (pixels[i] >> 24);
      for (size_t c = 0; c < 3; ++c)
        out.rgb[3 * i + c] = static_cast<uint8_t>((pixels[i] >> (16 - 8 * c) & 255) + white);
    }
    return out;
  }
  openslide_t* slide_ = nullptr;
};

std::string vendor_of(const std::filesystem::path& file) {
  const char* vendor = openslide_detect_vendor(file.c_str());
  return vendor ? vendor : "";
}

}  // namespace images

uint8_t* CodecRoom::operator()(uint64_t width, uint64_t height) const {
  if (width == 0 || height == 0 || width > (uint64_t{1} << 31) || height > (uint64_t{1} << 31) ||
      width * height > static_cast<uint64_t>(most))
    return nullptr;
  pixels->width = static_cast<int64_t>(width);
  pixels->height = static_cast<int64_t>(height);
  pixels->rgb.resize(3 * width * height);
  return pixels->rgb.data();
}

Pixels Image::read(int64_t x, int64_t y, int64_t width, int64_t height) {
  if (x < 0 || y < 0 || width <= 0 || height <= 0 || x > width_ - width || y > height_ - height)
    throw Error(file_.string(), "is " + std::to_string(width_) + " x " + std::to_string(height_) +
                                    " pixels; the window of " + std::to_string(width) + " x " +
                                    std::to_string(height) + " at (" + std::to_string(x) + ", " +
                                    std::to_string(y) + ") reaches beyond it");
  return region(x, y, width, height);
}

Pixels decode(std::string_view bytes, const std::string& where, int64_t most) {
  if (is_jpeg(bytes)) return decode_jpeg(bytes, where, most);
  if (is_png(bytes)) return decode_png(bytes, where, most);
  throw Error(where, "is no JPEG or PNG image");
}

std::unique_ptr<Image> open_slide(const std::filesystem::path& file) {
  const std::string vendor = images::vendor_of(file);
  if (vendor.empty()) throw Error(file.string(), "is no slide that OpenSlide can read");
  return std::make_unique<images::Slide>(file, vendor);
}

std::unique_ptr<Image> Image::open(const std::filesystem::path& file) {
  const RawFile raw(file);
  const std::string start = raw.text(0, std::min<uint64_t>(raw.size(), 16));
  // A slide of several files may begin like a plain image (MRXS: a JPEG beside a folder).
  const std::string vendor = images::vendor_of(file);
  if (!vendor.empty() && vendor != "generic-tiff")
    return std::make_unique<images::Slide>(file, vendor);
  if (is_tiff(start)) return open_tiff(file);
  if (is_jpeg(start)) return std::make_unique<images::Whole>(file, "jpeg");
  if (is_png(start)) return std::make_unique<images::Whole>(file, "png");
  throw Error(file.string(), "is no image that is read",
              "JPEG, PNG, TIFF, and slides that OpenSlide knows");
}

}  // namespace tractrix::spatial
