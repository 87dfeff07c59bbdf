#include <png.h>

#include <cstring>

#include "codecs.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::spatial {
namespace png {

void append(png_structp writer, png_bytep bytes, png_size_t length) {
  static_cast<std::string*>(png_get_io_ptr(writer))
      ->append(reinterpret_cast<const char*>(bytes), length);
}

// False when libpng gives up; it comes back here through longjmp. Nothing here has a destructor.
bool encode(const Pixels& pixels, png_structp writer, png_infop info) {
  if (setjmp(png_jmpbuf(writer))) return false;
  png_set_IHDR(writer, info, static_cast<png_uint_32>(pixels.width),
               static_cast<png_uint_32>(pixels.height), 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(writer, 1);
  png_set_filter(writer, 0, PNG_FILTER_SUB);
  png_write_info(writer, info);
  for (int64_t y = 0; y < pixels.height; ++y) png_write_row(writer, pixels.at(0, y));
  png_write_end(writer, info);
  return true;
}

}  // namespace png

bool is_png(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }

Pixels decode_png(std::string_view bytes, const std::string& where, int64_t most) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  Pixels pixels;
  const png_color white{255, 255, 255};
  bool good = png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) != 0;
  if (good) {
    image.format = PNG_FORMAT_RGB;
    uint8_t* to = room_of(pixels, most)(image.width, image.height);
    if (!to) {
      png_image_free(&image);
      throw Error(where, "is an image of " + std::to_string(image.width) + " x " +
                             std::to_string(image.height) + " pixels: too large");
    }
    good = png_image_finish_read(&image, &white, to, 0, nullptr) != 0;
  }
  const std::string message = image.message;
  png_image_free(&image);
  if (!good) throw Error(where, "is no readable PNG image: " + message);
  return pixels;
}

std::string encode_png(const Pixels& pixels) {
  std::string bytes;
  png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = writer ? png_create_info_struct(writer) : nullptr;
  bool good = info != nullptr;
  if (good) {
    png_set_write_fn(writer, &bytes, png::append, nullptr);
    good = png::encode(pixels, writer, info);
  }
  png_destroy_write_struct(&writer, &info);
  if (!good) throw Error("a PNG image", "cannot be written");
  return bytes;
}

}  // namespace tractrix::spatial
