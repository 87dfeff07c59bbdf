// What runs inside the sandbox: the HDF5 C library under the safe rules. Every refusal is a
// Refusal.
//
// Rules: plugins off; only hard links; no external storage, no virtual layout; filters shuffle,
// deflate and fletcher32 (on request h5py's lzf), each at most once; chunk rank = data space rank;
// checked products against the file's size (deflate gives at most 1032:1). Raw chunks are read by
// the library, but decoded here: HDF5 returns zeros for chunks that were never written and
// uninitialised memory for deflated chunks that are too short, both without an error.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tractrix/core/json.hpp"
#include "tractrix/core/sandbox.hpp"

namespace tractrix::h5 {

// An identifier of the library, closed with its kind's function.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close, const std::string& what) : id_(id), close_(close) {
    if (id < 0) throw Refusal(what);
  }
  ~Handle() { close_(id_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

struct Filter {
  H5Z_filter_t id = 0;
  uint64_t parameter = 0;  // the first one
};

// A data set after all checks.
struct Shape {
  std::vector<hsize_t> dims, chunk;  // chunk is empty when the values lie in one piece
  std::vector<Filter> filters;
  std::string type;      // f16 bf16 f32 f64 i8 .. u64, "text", "text*" (variable length)
  bool swapped = false;  // big-endian
  uint64_t element = 0;  // bytes of one value as stored
  uint64_t bytes = 0;    // of all values
  H5D_layout_t layout = H5D_CONTIGUOUS;
  uint64_t address = UINT64_MAX;  // of contiguous values in the file
};

// Registered with the HDF Group for h5py: https://portal.hdfgroup.org (registered filters).
constexpr H5Z_filter_t kLzf = 32000;

// What a kind of file may hold beyond plain numbers.
struct Rules {
  bool lzf = false;               // h5py's own filter
  bool enumerations = false;      // one-byte ones, as h5py writes booleans: read as u8
  uint64_t plausible_ratio = 64;  // data over 64 MiB that shrink more than this are refused
};

hid_t open_safely(const std::string& path);  // also shuts the door: no further file can be opened
// The same over a descriptor that is open already, for a child that can open nothing.
hid_t open_safely(int descriptor, uint64_t size);
void register_lzf();                                       // so that the library itself can undo it
bool has_hard_link(hid_t group, const std::string& name);  // refuses soft and external links
hid_t open_dataset(hid_t group, const std::string& name);
Shape inspect(hid_t dataset, const std::string& name, uint64_t file_size, const Rules& rules = {});
Json attributes_of(hid_t object);
std::vector<std::string> text_of(hid_t dataset, const Shape& shape, const std::string& name);

// Undoes the filters of one chunk: raw -> exactly `bytes` bytes.
void decode_chunk(std::string& raw, unsigned mask, const std::vector<Filter>& filters,
                  uint64_t element, uint64_t bytes, const std::string& where);
// Gives all values in row-major order, byte order as stored, in pieces.
using Emit = std::function<void(const std::string& bytes)>;
void send_values(hid_t dataset, const Shape& shape, const std::string& name, const Emit& emit);
uint64_t chunk_bytes(const Shape& shape);

}  // namespace tractrix::h5
