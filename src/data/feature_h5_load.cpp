#include "feature_h5_load.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "feature_finite.hpp"
#include "feature_h5_index.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/raw_file.hpp"
#include "tractrix/tensor/safetensors_io.hpp"

namespace tractrix::data::hdf5 {

struct TypeName {
  const char* name;
  Dtype dtype;
};
constexpr TypeName kTypeNames[] = {{"f16", Dtype::f16}, {"bf16", Dtype::bf16}, {"f32", Dtype::f32},
                                   {"f64", Dtype::f64}, {"i8", Dtype::i8},     {"i16", Dtype::i16},
                                   {"i32", Dtype::i32}, {"i64", Dtype::i64},   {"u8", Dtype::u8},
                                   {"u16", Dtype::u16}, {"u32", Dtype::u32},   {"u64", Dtype::u64}};

Dtype Set::dtype() const {
  for (const auto& row : kTypeNames)
    if (type == row.name) return row.dtype;
  throw std::logic_error("a data set type without a dtype: " + type);
}

Set to_set(const std::string& path, const Json& json) {
  Set set{path, json.at("type"), json.at("dims"), json.at("chunk"), json.at("filters")};
  set.swapped = json.at("swapped");
  set.plain = json.at("plain");
  set.bytes = json.at("bytes");
  set.element = json.at("element");
  set.address = json.at("address");
  set.header = json.at("header");
  return set;
}

std::string shape_text(const std::vector<int64_t>& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + std::to_string(dims[i]);
  return text + "]";
}

Json ask(const std::string& file, const SandboxLimits& limits, const std::function<Json()>& work) {
  std::string reply;
  in_sandbox(
      file, limits,
      [&](ChildPipe& pipe) {
        const std::string text = work().dump();
        pipe.send(text.data(), text.size());
      },
      [&](uint64_t length) {
        if (length > kMostReply - reply.size())
          throw Error(file, "has a description of more than 64 MiB");
        reply.resize(reply.size() + length);
        return reply.data() + reply.size() - length;
      });
  return Json::parse(reply);
}

void with_set(const std::string& file, uint64_t size, const std::string& path,
              const std::function<void(hid_t, const h5::Shape&)>& use) {
  const h5::Handle id(h5::open_safely(file), H5Fclose, "");
  const auto slash = path.find('/');
  const std::string group = slash == std::string::npos ? "/" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (slash != std::string::npos && !h5::has_hard_link(id, group))
    throw Refusal("'" + group + "' is gone");
  const h5::Handle holder(H5Gopen2(id, group.c_str(), H5P_DEFAULT), H5Gclose,
                          "'" + group + "' is damaged");
  if (!h5::has_hard_link(holder, name)) throw Refusal("'" + path + "' is gone");
  const h5::Handle dataset(h5::open_dataset(holder, name), H5Dclose, "");
  use(dataset, h5::inspect(dataset, path, size));
}

void swap_bytes(char* bytes, uint64_t count, uint64_t element) {
  for (uint64_t i = 0; i < count; ++i) std::reverse(bytes + i * element, bytes + (i + 1) * element);
}

// Bands and up to three copies of a chunk are held at once.
SandboxLimits limits_for(const Set& set) {
  uint64_t chunk = set.element, band = set.element;
  for (int64_t n : set.chunk) chunk *= static_cast<uint64_t>(n);
  for (size_t i = 0; i < set.dims.size(); ++i) {
    const bool first = i == 0 && !set.chunk.empty();
    band *= static_cast<uint64_t>(first ? std::min(set.chunk[0], set.dims[0]) : set.dims[i]);
  }
  SandboxLimits limits;
  limits.memory += std::min(band, set.bytes) + 4 * chunk;
  limits.seconds += set.bytes / (20u << 20);
  return limits;
}

void stream(const std::string& file, uint64_t size, const Set& set, char* to) {
  uint64_t filled = 0;
  in_sandbox(
      file, limits_for(set),
      [&](ChildPipe& pipe) {
        with_set(file, size, set.path, [&](hid_t dataset, const h5::Shape& shape) {
          h5::send_values(dataset, shape, set.path,
                          [&](const std::string& part) { pipe.send(part.data(), part.size()); });
        });
      },
      [&](uint64_t length) {
        if (length > set.bytes - filled) throw Error(file, "changed while it was read");
        filled += length;
        return to + filled - length;
      });
  if (filled != set.bytes) throw Error(file, "changed while it was read");
}

// Chunks that are whole rows without filters, as TRIDENT, CLAM and MMP write them.
std::optional<RowChunks> whole_row_chunks(const Set& set) {
  const size_t rank = set.dims.size();
  if (set.header == UINT64_MAX || !set.filters.empty() || set.chunk.size() != rank || rank < 2 ||
      rank > 3)
    return {};
  if (rank == 3 && (set.dims[0] != 1 || set.chunk[0] != 1)) return {};
  if (set.chunk[rank - 1] != set.dims[rank - 1]) return {};
  return RowChunks{
      static_cast<uint64_t>(set.dims[rank - 2]), static_cast<uint64_t>(set.chunk[rank - 2]),
      static_cast<uint64_t>(set.dims[rank - 1]) * set.element, set.element, static_cast<int>(rank)};
}

// Reads in blocks that are still in the processor's cache when they are asked for NaN: that second
// look at a bag then costs half as much.
class CheckedReader {
 public:
  CheckedReader(const RawFile& file, at::ScalarType type, uint64_t element)
      : file_(file), type_(type), element_(element) {}

  void read(uint64_t offset, char* to, uint64_t length) {
    constexpr uint64_t kBlock = uint64_t{256} << 10;
    for (uint64_t done = 0; done < length; done += kBlock) {
      const uint64_t part = std::min(kBlock, length - done);
      file_.read(offset + done, to + done, part);
      const auto count = static_cast<int64_t>(part / element_);
      finite_ = finite_ && first_not_finite(to + done, count, type_) < 0;
    }
  }
  bool finite() const { return finite_; }

 private:
  const RawFile& file_;
  at::ScalarType type_;
  uint64_t element_;
  bool finite_ = true;
};

StoredValues load(const std::filesystem::path& path, const Set& set) {
  const RawFile file(path);
  StoredValues values{at::empty(set.dims, scalar_type(set.dtype()))};
  if (static_cast<uint64_t>(values.tensor.nbytes()) != set.bytes)
    throw Error(file.name(), "has a damaged description");
  if (set.bytes == 0) return values;
  auto* bytes = static_cast<char*>(values.tensor.data_ptr());
  CheckedReader reader(file, values.tensor.scalar_type(), set.element);
  const auto read = [&](uint64_t from, char* to, uint64_t length) {
    reader.read(from, to, length);
  };
  const auto chunks = whole_row_chunks(set);
  const auto addresses = chunks ? row_chunk_addresses(file, set.header, *chunks) : std::nullopt;
  if (set.plain) {
    read(set.address, bytes, set.bytes);
  } else if (addresses) {
    read_row_chunks(*chunks, *addresses, bytes, read);
  } else {
    stream(file.name(), file.size(), set, bytes);
  }
  if (set.swapped) swap_bytes(bytes, set.bytes / set.element, set.element);
  values.finite = reader.finite() && !set.swapped && (set.plain || addresses);
  return values;
}

StoredValues load_part(const std::filesystem::path& path, const Set& set, int64_t part) {
  if (!set.plain) {
    const auto all = load(path, set);
    return {all.tensor[part].clone(), all.finite};
  }
  Set one = set;
  one.dims.erase(one.dims.begin());
  one.bytes = set.bytes / static_cast<uint64_t>(set.dims[0]);
  one.address += one.bytes * static_cast<uint64_t>(part);
  return load(path, one);
}

}  // namespace tractrix::data::hdf5
