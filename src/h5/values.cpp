// Values, text and attributes of an inspected data set, sent out of the sandbox.
#include <algorithm>
#include <cstring>

#include "tractrix/core/raw_file.hpp"
#include "tractrix/h5/library.hpp"

namespace tractrix::h5 {
namespace values {

constexpr uint64_t kMostChunks = uint64_t{1} << 26;
constexpr size_t kMostAttributes = 256, kMostAttributeBytes = 1 << 16;
constexpr uint64_t kMostText = uint64_t{64} << 20;

// Any rank up to 3 as exactly 3 dimensions, leading ones added.
struct Grid {
  hsize_t dims[3] = {1, 1, 1}, chunk[3] = {1, 1, 1};
  size_t lead = 0;  // added dimensions
  explicit Grid(const Shape& shape) : lead(3 - shape.dims.size()) {
    for (size_t i = 0; i < shape.dims.size(); ++i) {
      dims[lead + i] = shape.dims[i];
      chunk[lead + i] = shape.chunk[i];
    }
  }
  hsize_t count(size_t axis) const { return (dims[axis] + chunk[axis] - 1) / chunk[axis]; }
};

std::string read_chunk(hid_t dataset, const Shape& shape, const hsize_t* at, uint64_t bytes,
                       const std::string& name) {
  std::string where = "'" + name + "': the chunk at row " + std::to_string(at[0]);
  hsize_t stored = 0;
  if (H5Dget_chunk_storage_size(dataset, at, &stored) < 0 || stored == 0) {
    throw Refusal(where + " was never written or is damaged",
                  "the writer was stopped: extract this slide again");
  }
  // Incompressible data grow by a fraction; anything larger is no chunk of this data set.
  const uint64_t most = shape.filters.empty() ? bytes : bytes + bytes / 100 + 1024;
  if (stored > most) {
    throw Refusal(where + " claims " + std::to_string(stored) + " bytes, its shape needs " +
                  std::to_string(bytes));
  }
  std::string raw(stored, '\0');
  uint32_t mask = 0;
  if (H5Dread_chunk(dataset, H5P_DEFAULT, at, &mask, raw.data()) < 0) {
    throw Refusal(where + " cannot be read: it lies past the end of the file or is damaged");
  }
  decode_chunk(raw, mask, shape.filters, shape.element, bytes, where);
  return raw;
}

void place(const Grid& grid, const hsize_t* at, const std::string& raw, uint64_t element,
           std::string& band) {
  hsize_t n[3];
  for (int k = 0; k < 3; ++k) n[k] = std::min(grid.chunk[k], grid.dims[k] - at[k]);
  for (hsize_t i = 0; i < n[0]; ++i) {
    for (hsize_t j = 0; j < n[1]; ++j) {
      const uint64_t from = (i * grid.chunk[1] + j) * grid.chunk[2] * element;
      const uint64_t to = ((i * grid.dims[1] + at[1] + j) * grid.dims[2] + at[2]) * element;
      std::memcpy(band.data() + to, raw.data() + from, n[2] * element);
    }
  }
}

// All chunks that begin at the same index of the first axis of the grid: values in row-major order.
std::string read_band(hid_t dataset, const Shape& shape, const Grid& grid, hsize_t first,
                      const std::string& name) {
  const hsize_t rows = std::min(grid.chunk[0], grid.dims[0] - first);
  const uint64_t bytes = chunk_bytes(shape);
  std::string band(rows * grid.dims[1] * grid.dims[2] * shape.element, '\0');
  for (hsize_t b = 0; b < grid.count(1); ++b) {
    for (hsize_t c = 0; c < grid.count(2); ++c) {
      const hsize_t at[3] = {first, b * grid.chunk[1], c * grid.chunk[2]};
      const auto raw = read_chunk(dataset, shape, at + grid.lead, bytes, name);
      place(grid, at, raw, shape.element, band);
    }
  }
  return band;
}

// With a leading axis of one chunk (rank 2 and [1, N, D]) the rows are the second axis: bands of it
// need less memory.
void send_bands_of_rows(hid_t dataset, const Shape& shape, const Grid& grid,
                        const std::string& name, const Emit& emit) {
  const uint64_t bytes = chunk_bytes(shape);
  for (hsize_t row = 0; row < grid.dims[1]; row += grid.chunk[1]) {
    Grid part = grid;
    part.dims[1] = std::min(grid.chunk[1], grid.dims[1] - row);
    std::string band(part.dims[1] * grid.dims[2] * shape.element, '\0');
    for (hsize_t c = 0; c < grid.count(2); ++c) {
      const hsize_t at[3] = {0, row, c * grid.chunk[2]}, inside[3] = {0, 0, at[2]};
      place(part, inside, read_chunk(dataset, shape, at + grid.lead, bytes, name), shape.element,
            band);
    }
    emit(band);
  }
}

Json attribute_texts(hid_t attribute, hid_t type, size_t n) {
  Json list = Json::array();
  const auto read = [&](void* to) {
    if (H5Aread(attribute, type, to) < 0) throw Refusal("has a damaged attribute of text");
  };
  if (H5Tis_variable_str(type) > 0) {
    std::vector<char*> texts(n, nullptr);
    read(texts.data());
    for (const char* text : texts) list.push_back(printable(text ? text : "", kMostAttributeBytes));
  } else {
    const size_t size = H5Tget_size(type);
    std::string bytes(n * size, '\0');
    read(bytes.data());
    for (size_t i = 0; i < n; ++i)
      list.push_back(printable(bytes.substr(i * size, size).c_str(), kMostAttributeBytes));
  }
  return list;
}

Json attribute_value(hid_t attribute) {
  const Handle type(H5Aget_type(attribute), H5Tclose, "has a damaged attribute");
  const Handle space(H5Aget_space(attribute), H5Sclose, "has a damaged attribute");
  const auto count = H5Sget_simple_extent_npoints(space);
  const size_t size = H5Tget_size(type);
  const auto kind = H5Tget_class(type);
  if (H5Sget_simple_extent_type(space) == H5S_NULL || count <= 0) return nullptr;
  if (static_cast<uint64_t>(count) > kMostAttributeBytes / std::max<size_t>(size, 8))
    return "(long)";
  const auto n = static_cast<size_t>(count);
  Json list = Json::array();
  if (kind == H5T_STRING) {
    list = attribute_texts(attribute, type, n);
  } else if (kind == H5T_INTEGER && H5Tget_sign(type) != H5T_SGN_NONE) {
    std::vector<int64_t> numbers(n);
    if (H5Aread(attribute, H5T_NATIVE_INT64, numbers.data()) < 0)
      throw Refusal("has a damaged attribute");
    list = numbers;
  } else if (kind == H5T_INTEGER || kind == H5T_FLOAT) {
    std::vector<double> numbers(n);
    if (H5Aread(attribute, H5T_NATIVE_DOUBLE, numbers.data()) < 0)
      throw Refusal("has a damaged attribute");
    list = numbers;
  } else if (kind == H5T_ENUM && size == 1) {  // h5py's booleans
    std::string bytes(n, '\0');
    if (H5Aread(attribute, type, bytes.data()) < 0) throw Refusal("has a damaged attribute");
    for (char c : bytes) list.push_back(c != 0);
  } else {
    return "(" + std::to_string(size) + " bytes)";
  }
  return H5Sget_simple_extent_type(space) == H5S_SCALAR ? list[0] : list;
}

herr_t add_attribute(hid_t object, const char* name, const H5A_info_t*, void* data) {
  auto& [all, problem] = *static_cast<std::pair<Json, std::string>*>(data);
  if (all.size() >= kMostAttributes) return 1;
  try {
    const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose, "has a damaged attribute");
    all[printable(name, 256)] = attribute_value(attribute);
  } catch (const Refusal& refusal) {  // must not fly through the C library
    problem = refusal.what();
    return -1;
  }
  return 0;
}

std::string trimmed(std::string text) {
  text = text.c_str();  // up to the first NUL: padded with them
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace values

uint64_t chunk_bytes(const Shape& shape) {
  uint64_t bytes = shape.element;
  for (hsize_t n : shape.chunk) bytes *= n;  // checked by inspect()
  return bytes;
}

void send_values(hid_t dataset, const Shape& shape, const std::string& name, const Emit& emit) {
  if (shape.bytes == 0) return;
  if (shape.layout != H5D_CHUNKED) {
    const Handle type(H5Dget_type(dataset), H5Tclose, "'" + name + "' has no readable type");
    std::string all(shape.bytes, '\0');
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) < 0) {
      throw Refusal("'" + name + "' cannot be read: truncated or damaged");
    }
    return emit(all);
  }
  const values::Grid grid(shape);
  uint64_t chunks = 1;
  for (size_t axis = 0; axis < 3; ++axis)
    if (__builtin_mul_overflow(chunks, grid.count(axis), &chunks)) chunks = UINT64_MAX;
  if (chunks > values::kMostChunks)
    throw Refusal("'" + name + "' has " + std::to_string(chunks) + " chunks");
  if (grid.dims[0] == 1) return values::send_bands_of_rows(dataset, shape, grid, name, emit);
  for (hsize_t first = 0; first < grid.dims[0]; first += grid.chunk[0])
    emit(values::read_band(dataset, shape, grid, first, name));
}

Json attributes_of(hid_t object) {
  std::pair<Json, std::string> found{Json::object(), ""};
  const herr_t code =
      H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, values::add_attribute, &found);
  if (code < 0) throw Refusal(found.second.empty() ? "has damaged attributes" : found.second);
  return found.first;
}

std::vector<std::string> text_of(hid_t dataset, const Shape& shape, const std::string& name) {
  if (shape.bytes > values::kMostText)
    throw Refusal("'" + name + "' holds " + std::to_string(shape.bytes) + " bytes of text");
  const uint64_t count = shape.bytes / shape.element;
  std::vector<std::string> all;
  if (shape.type == "text*") {
    const Handle type(H5Dget_type(dataset), H5Tclose, "'" + name + "' has no readable type");
    std::vector<char*> texts(count, nullptr);
    if (count > 0 && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()) < 0) {
      throw Refusal("'" + name + "' holds text that cannot be read: damaged");
    }
    for (const char* text : texts) {
      if (!text) throw Refusal("'" + name + "' holds text that cannot be read: damaged");
      all.emplace_back(text);
    }
  } else {
    std::string bytes;
    send_values(dataset, shape, name, [&](const std::string& part) { bytes += part; });
    for (uint64_t i = 0; i < count; ++i)
      all.push_back(values::trimmed(bytes.substr(i * shape.element, shape.element)));
  }
  for (size_t i = 0; i < all.size(); ++i)
    if (!valid_utf8(all[i]))
      throw Refusal("'" + name + "' entry " + std::to_string(i) +
                    " is not valid UTF-8: " + printable(all[i]));
  return all;
}

}  // namespace tractrix::h5
