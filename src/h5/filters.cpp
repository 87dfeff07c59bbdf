// The filters a file may use, undone with every length checked.
#include <liblzf/lzf.h>
#include <zlib.h>

#include <cstdlib>
#include <cstring>

#include "tractrix/core/raw_file.hpp"
#include "tractrix/h5/library.hpp"

namespace tractrix::h5 {
namespace filters {

// HDF5 format specification, version 3.0, IV.A.2.l (filter 3) and the library's checksum of 16-bit
// big-endian words.
uint32_t fletcher32(std::string_view bytes) {
  uint32_t one = 0, two = 0;
  const auto at = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  const size_t words = bytes.size() / 2;
  const auto fold = [](uint32_t sum) { return (sum & 0xFFFF) + (sum >> 16); };
  for (size_t i = 0; i < words; ++i) {
    one += at(2 * i) << 8 | at(2 * i + 1);
    two += one;
    if (i % 360 == 359 || i + 1 == words) one = fold(one), two = fold(two);
  }
  if (bytes.size() % 2 != 0) {
    one += at(bytes.size() - 1) << 8;
    two += one;
    one = fold(one), two = fold(two);
  }
  return fold(two) << 16 | fold(one);
}

void check_sum(std::string& raw, const std::string& where) {
  if (raw.size() < 4) throw Refusal(where + " is shorter than its checksum");
  const auto stored =
      static_cast<uint32_t>(little_endian(std::string_view(raw).substr(raw.size() - 4)));
  raw.resize(raw.size() - 4);
  if (stored != fletcher32(raw)) throw Refusal(where + " does not match its checksum (fletcher32)");
}

// `bytes` may be a bound only (another filter follows): then fewer are fine here and checked at the
// end.
std::string inflate_bounded(std::string_view raw, uint64_t bytes, const std::string& where) {
  std::string out(bytes, '\0');
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw Refusal("zlib could not be started");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(bytes);
  const int code = inflate(&stream, Z_FINISH);
  const uint64_t made = stream.total_out;
  const bool full = stream.avail_out == 0;
  inflateEnd(&stream);
  if (code != Z_STREAM_END) {
    throw Refusal(
        where + (full ? " holds more bytes than its shape says" : " has a damaged deflate stream"));
  }
  out.resize(made);
  return out;
}

// One block of liblzf without a header; h5py keeps a chunk as it is (mask) when it does not shrink.
std::string unlzf(std::string_view raw, uint64_t bytes, const std::string& where) {
  std::string out(bytes, '\0');
  const unsigned made = lzf_decompress(raw.data(), static_cast<unsigned>(raw.size()), out.data(),
                                       static_cast<unsigned>(bytes));
  if (made == 0) throw Refusal(where + " has a damaged lzf block");
  out.resize(made);
  return out;
}

std::string unshuffle(const std::string& raw, uint64_t element) {
  if (element <= 1 || raw.size() < element) return raw;
  const uint64_t count = raw.size() / element;
  std::string out(raw.size(), '\0');
  for (uint64_t k = 0; k < element; ++k)
    for (uint64_t i = 0; i < count; ++i) out[i * element + k] = raw[k * count + i];
  const uint64_t rest = count * element;  // bytes that fill no whole value are not shuffled
  std::memcpy(out.data() + rest, raw.data() + rest, raw.size() - rest);
  return out;
}

// For the library's own reads (text of variable length, records). h5py names the chunk's size in
// the third parameter.
size_t lzf_filter(unsigned flags, size_t count, const unsigned* values, size_t bytes, size_t* room,
                  void** buffer) {
  constexpr unsigned kMost = 1u << 28;
  if ((flags & H5Z_FLAG_REVERSE) == 0 || count < 3 || values[2] == 0 || values[2] > kMost) return 0;
  void* out = std::malloc(values[2]);
  if (!out) return 0;
  const unsigned made = lzf_decompress(*buffer, static_cast<unsigned>(bytes), out, values[2]);
  if (made == 0) {
    std::free(out);
    return 0;
  }
  std::free(*buffer);
  *buffer = out;
  *room = values[2];
  return made;
}

}  // namespace filters

void register_lzf() {
  static const H5Z_class2_t kind{H5Z_CLASS_T_VERS,   kLzf, 1, 1, "lzf", nullptr, nullptr,
                                 filters::lzf_filter};
  if (H5Zregister(&kind) < 0) throw Refusal("the lzf filter could not be set up");
}

void decode_chunk(std::string& raw, unsigned mask, const std::vector<Filter>& list,
                  uint64_t element, uint64_t bytes, const std::string& where) {
  const uint64_t bound = bytes + 4;  // deflate may lie over a checksum
  for (size_t i = list.size(); i-- > 0;) {
    if (i < 32 && (mask >> i & 1u)) continue;
    if (list[i].id == H5Z_FILTER_DEFLATE) raw = filters::inflate_bounded(raw, bound, where);
    if (list[i].id == kLzf) raw = filters::unlzf(raw, bound, where);
    if (list[i].id == H5Z_FILTER_SHUFFLE) raw = filters::unshuffle(raw, element);
    if (list[i].id == H5Z_FILTER_FLETCHER32) filters::check_sum(raw, where);
  }
  if (raw.size() != bytes) {
    throw Refusal(where + " holds " + std::to_string(raw.size()) + " bytes, its shape needs " +
                  std::to_string(bytes));
  }
}

}  // namespace tractrix::h5
