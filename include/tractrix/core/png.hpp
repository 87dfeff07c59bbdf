// Pictures as PNG (ISO/IEC 15948): 8-bit RGB, no interlacing, compressed with zlib.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tractrix {

struct Image {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> rgb;  // row by row from the top, three bytes per pixel
};

// The bytes of the file. Throws an Error for a side below 1 or above 2^20, and for another number
// of bytes than the sides say.
std::string png(const Image& image);

}  // namespace tractrix
