// libjpeg-turbo reports errors by a call that must not return: back through longjmp, past no object
// with a destructor.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "codecs.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::spatial {
namespace jpeg {

struct Trap {
  jpeg_error_mgr manager;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* trap = reinterpret_cast<Trap*>(info->err);
  info->err->format_message(info, trap->message);
  std::longjmp(trap->back, 1);
}

// Warnings are damaged data that the library would fill with grey.
void warn(j_common_ptr info, int level) {
  if (level < 0) leave(info);
}

void set_up(Trap& trap, jpeg_error_mgr*& slot) {
  slot = jpeg_std_error(&trap.manager);
  trap.manager.error_exit = leave;
  trap.manager.emit_message = warn;
}

// False with a message in the trap. `to` gets width * height * 3 bytes from `room`.
bool decode(std::string_view bytes, Trap& trap, const CodecRoom& room) {
  jpeg_decompress_struct info;
  set_up(trap, info.err);
  if (setjmp(trap.back)) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  uint8_t* to = room(info.image_width, info.image_height);
  if (!to) {
    jpeg_destroy_decompress(&info);
    std::snprintf(trap.message, sizeof trap.message, "is an image of %u x %u pixels: too large",
                  info.image_width, info.image_height);
    return false;
  }
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = to + size_t{3} * info.output_width * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return true;
}

bool encode(const Pixels& pixels, int quality, Trap& trap, unsigned char** out,
            unsigned long* length) {
  jpeg_compress_struct info;
  set_up(trap, info.err);
  if (setjmp(trap.back)) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, out, length);
  info.image_width = static_cast<JDIMENSION>(pixels.width);
  info.image_height = static_cast<JDIMENSION>(pixels.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  for (int c = 0; c < 3; ++c) info.comp_info[c].h_samp_factor = info.comp_info[c].v_samp_factor = 1;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<uint8_t*>(pixels.at(0, info.next_scanline));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace jpeg

bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xFF\xD8\xFF"); }

Pixels decode_jpeg(std::string_view bytes, const std::string& where, int64_t most) {
  Pixels pixels;
  jpeg::Trap trap;
  const bool good = jpeg::decode(bytes, trap, room_of(pixels, most));
  if (!good) throw Error(where, std::string("is no readable JPEG image: ") + trap.message);
  return pixels;
}

std::string encode_jpeg(const Pixels& pixels, int quality) {
  unsigned char* out = nullptr;
  unsigned long length = 0;
  jpeg::Trap trap;
  const bool good = jpeg::encode(pixels, quality, trap, &out, &length);
  std::string bytes(reinterpret_cast<const char*>(out), good ? length : 0);
  std::free(out);
  if (!good) throw Error("a JPEG image", std::string("cannot be written: ") + trap.message);
  return bytes;
}

}  // namespace tractrix::spatial
