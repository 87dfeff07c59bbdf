// The two codecs of images in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tractrix/data/spatial/image.hpp"

namespace tractrix::spatial {

// Where width * height * 3 bytes go; null when that is too much.
struct CodecRoom {
  Pixels* pixels;
  int64_t most;
  uint8_t* operator()(uint64_t width, uint64_t height) const;
};
inline CodecRoom room_of(Pixels& pixels, int64_t most) { return {&pixels, most}; }

bool is_jpeg(std::string_view bytes);
bool is_png(std::string_view bytes);
Pixels decode_jpeg(std::string_view bytes, const std::string& where, int64_t most);
Pixels decode_png(std::string_view bytes, const std::string& where, int64_t most);

// TIFF of tiles or strips, a region at a time.
bool is_tiff(std::string_view bytes);
std::unique_ptr<Image> open_tiff(const std::filesystem::path& file);

}  // namespace tractrix::spatial
