// Opening under the safe rules and the checks of one data set's description.
#include <cstdlib>

#include "descriptor.hpp"
#include "tractrix/h5/library.hpp"

namespace tractrix::h5 {
namespace inspection {

constexpr uint64_t kMostBytes = uint64_t{1} << 40;   // of one data set
constexpr uint64_t kMostChunk = uint64_t{1} << 32;   // the format's own limit
constexpr uint64_t kMostRatio = 1032;                // of a deflate stream
constexpr uint64_t kFreeBytes = uint64_t{64} << 20;  // from here on, the plausible ratio holds

struct FloatForm {
  const char* name;
  size_t size, exponent_at, exponent, mantissa, bias;
};
constexpr FloatForm kFloats[] = {{"f16", 2, 10, 5, 10, 15},
                                 {"bf16", 2, 7, 8, 7, 127},
                                 {"f32", 4, 23, 8, 23, 127},
                                 {"f64", 8, 52, 11, 52, 1023}};

std::string float_name(hid_t type) {
  size_t sign = 0, exponent_at = 0, exponent = 0, mantissa_at = 0, mantissa = 0;
  if (H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at, &mantissa) < 0) return {};
  for (const auto& form : kFloats) {
    if (H5Tget_size(type) == form.size && sign == form.size * 8 - 1 && mantissa_at == 0 &&
        exponent_at == form.exponent_at && exponent == form.exponent && mantissa == form.mantissa &&
        H5Tget_ebias(type) == form.bias && H5Tget_norm(type) == H5T_NORM_IMPLIED) {
      return form.name;
    }
  }
  return {};
}

std::string integer_name(hid_t type) {
  const size_t size = H5Tget_size(type);
  if (size != 1 && size != 2 && size != 4 && size != 8) return {};
  if (H5Tget_precision(type) != size * 8 || H5Tget_offset(type) != 0) return {};
  return (H5Tget_sign(type) == H5T_SGN_2 ? "i" : "u") + std::to_string(size * 8);
}

void read_type(hid_t dataset, const std::string& name, const Rules& rules, Shape& shape) {
  const Handle type(H5Dget_type(dataset), H5Tclose, "'" + name + "' has no readable type");
  const auto refusal = [&](const std::string& what) { return Refusal("'" + name + "' " + what); };
  shape.element = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      shape.type = float_name(type);
      break;
    case H5T_INTEGER:
      shape.type = integer_name(type);
      break;
    case H5T_STRING:
      shape.type = H5Tis_variable_str(type) > 0 ? "text*" : "text";
      break;
    case H5T_ENUM:
      if (rules.enumerations && shape.element == 1) {
        shape.type = "u8";
        break;
      }
      throw refusal("holds an enumeration (such as booleans), no numbers");
    case H5T_COMPOUND:
      throw refusal("holds records (a compound type), no plain numbers");
    case H5T_VLEN:
      throw refusal("is ragged: every row has its own length");
    case H5T_REFERENCE:
      throw refusal("holds references, no numbers");
    default:
      throw refusal("holds no plain numbers");
  }
  if (shape.type.empty())
    throw refusal("has an unusual number type of " + std::to_string(shape.element) + " bytes");
  const auto order = H5Tget_order(type);
  if (order != H5T_ORDER_LE && order != H5T_ORDER_BE && shape.type.rfind("text", 0) != 0) {
    throw refusal("has an unusual byte order");
  }
  shape.swapped = order == H5T_ORDER_BE && shape.element > 1 && shape.type.rfind("text", 0) != 0;
  if (shape.element == 0) throw refusal("has values of no bytes");
}

uint64_t product(const std::vector<hsize_t>& dims, uint64_t element, const std::string& name) {
  uint64_t bytes = element;
  bool zero = false;
  for (hsize_t n : dims) {
    zero = zero || n == 0;
    if (n > kMostBytes || (n != 0 && __builtin_mul_overflow(bytes, n, &bytes))) {
      throw Refusal("'" + name + "' has dimensions whose product overflows");
    }
  }
  return zero ? 0 : bytes;
}

void read_space(hid_t dataset, const std::string& name, Shape& shape) {
  const Handle space(H5Dget_space(dataset), H5Sclose, "'" + name + "' has no readable data space");
  if (H5Sget_simple_extent_type(space) == H5S_NULL)
    throw Refusal("'" + name + "' has a null data space");
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > 3) {
    throw Refusal("'" + name + "' has " + std::to_string(rank) + " dimensions, at most 3 are read");
  }
  shape.dims.resize(static_cast<size_t>(rank));
  if (rank > 0 && H5Sget_simple_extent_dims(space, shape.dims.data(), nullptr) < 0) {
    throw Refusal("'" + name + "' has no readable dimensions");
  }
  shape.bytes = product(shape.dims, shape.element, name);
  if (shape.bytes > kMostBytes) {
    throw Refusal("'" + name + "' declares " + std::to_string(shape.bytes) + " bytes");
  }
}

void read_filters(hid_t plist, const std::string& name, const Rules& rules, Shape& shape) {
  const int count = H5Pget_nfilters(plist);
  if (count < 0 || count > 3)
    throw Refusal("'" + name + "' has a damaged or overlong list of filters");
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0, config = 0, values[16] = {};
    size_t n = 16;
    char label[64] = {};
    const auto id = H5Pget_filter2(plist, static_cast<unsigned>(i), &flags, &n, values,
                                   sizeof(label) - 1, label, &config);
    if (id != H5Z_FILTER_DEFLATE && id != H5Z_FILTER_SHUFFLE && id != H5Z_FILTER_FLETCHER32 &&
        !(id == kLzf && rules.lzf)) {
      throw Refusal("'" + name + "' uses filter " + std::to_string(id) + " (" + label +
                        "); only shuffle, deflate and fletcher32 are read",
                    "write it again without compression or with gzip");
    }
    for (const auto& other : shape.filters)
      if (other.id == id) throw Refusal("'" + name + "' uses one filter twice");
    if (n > 16)
      throw Refusal("'" + name + "' has a filter with " + std::to_string(n) + " parameters");
    if (id == H5Z_FILTER_SHUFFLE && n > 0 && values[0] != shape.element) {
      throw Refusal("'" + name + "' is shuffled for another type");
    }
    shape.filters.push_back({id, n > 0 ? values[0] : 0});
  }
}

void read_chunks(hid_t plist, const std::string& name, Shape& shape) {
  shape.chunk.resize(shape.dims.size() + 1);
  const int rank = H5Pget_chunk(plist, static_cast<int>(shape.chunk.size()), shape.chunk.data());
  if (rank < 0 || static_cast<size_t>(rank) != shape.dims.size()) {
    throw Refusal("'" + name + "' has chunks of " + std::to_string(rank) +
                  " dimensions in a data space of " + std::to_string(shape.dims.size()));
  }
  shape.chunk.resize(shape.dims.size());
  for (hsize_t n : shape.chunk)
    if (n == 0) throw Refusal("'" + name + "' has a chunk dimension of 0");
  if (product(shape.chunk, shape.element, name) > kMostChunk) {
    throw Refusal("'" + name + "' has chunks of more than 4 GiB");
  }
}

// What is declared must have room in the file.
void check_storage(hid_t dataset, const std::string& name, uint64_t file_size, const Shape& shape,
                   uint64_t plausible_ratio) {
  const uint64_t stored = H5Dget_storage_size(dataset);
  if (stored > file_size) {
    throw Refusal("'" + name + "' claims " + std::to_string(stored) +
                  " stored bytes in a file of " + std::to_string(file_size));
  }
  if (shape.bytes == 0) return;
  if (stored == 0) throw Refusal("'" + name + "' declares values, but none were ever written");
  const bool packed = !shape.filters.empty();
  const uint64_t most = packed ? stored * kMostRatio + kMostRatio : stored;
  if (shape.bytes > most) {
    throw Refusal("'" + name + "' declares " + std::to_string(shape.bytes) + " bytes, only " +
                      std::to_string(stored) + " are stored: rows were never written",
                  "the writer was stopped: extract this slide again");
  }
  if (shape.bytes > kFreeBytes && shape.bytes / plausible_ratio > stored) {
    throw Refusal("'" + name + "' unpacks from " + std::to_string(stored) + " to " +
                  std::to_string(shape.bytes) + " bytes: no sound data shrink that much");
  }
}

void forbid_plugins() {
  for (const char* name : {"HDF5_PLUGIN_PRELOAD", "HDF5_PLUGIN_PATH", "HDF5_DRIVER",
                           "HDF5_VOL_CONNECTOR", "HDF5_EXT_PREFIX", "HDF5_VDS_PREFIX"})
    ::unsetenv(name);
  ::setenv("HDF5_USE_FILE_LOCKING", "FALSE",
           1);  // read-only folders and network disks refuse locks
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
}

void refuse_unopened(hid_t file) {
  if (file < 0) {
    throw Refusal("is a damaged HDF5 file, or one that needs a newer HDF5 library than " +
                      std::to_string(H5_VERS_MAJOR) + "." + std::to_string(H5_VERS_MINOR) + "." +
                      std::to_string(H5_VERS_RELEASE),
                  "cut short while it was copied? compare its size with the original");
  }
}

}  // namespace inspection

hid_t open_safely(const std::string& path) {
  inspection::forbid_plugins();
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  inspection::refuse_unopened(file);
  open_no_more_files();
  return file;
}

hid_t open_safely(int descriptor, uint64_t size) {
  inspection::forbid_plugins();
  const hid_t file = open_descriptor(descriptor, size);
  inspection::refuse_unopened(file);
  return file;
}

bool has_hard_link(hid_t group, const std::string& name) {
  const htri_t there = H5Lexists(group, name.c_str(), H5P_DEFAULT);
  if (there < 0) throw Refusal("has a damaged list of members");
  if (there == 0) return false;
  H5L_info_t info{};
  if (H5Lget_info(group, name.c_str(), &info, H5P_DEFAULT) < 0)
    throw Refusal("has a damaged link '" + name + "'");
  if (info.type == H5L_TYPE_SOFT)
    throw Refusal("'" + name + "' is a soft link; only data in this place are read");
  if (info.type != H5L_TYPE_HARD)
    throw Refusal("'" + name + "' is a link to another file; it is never followed");
  return true;
}

hid_t open_dataset(hid_t group, const std::string& name) {
  const Handle object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose,
                      "'" + name + "' cannot be opened: damaged");
  const auto type = H5Iget_type(object);
  if (type == H5I_GROUP) throw Refusal("'" + name + "' is a group, no data set");
  if (type != H5I_DATASET) throw Refusal("'" + name + "' is no data set");
  const hid_t dataset = H5Dopen2(group, name.c_str(), H5P_DEFAULT);
  if (dataset < 0) throw Refusal("'" + name + "' cannot be opened: damaged");
  return dataset;
}

Shape inspect(hid_t dataset, const std::string& name, uint64_t file_size, const Rules& rules) {
  Shape shape;
  const Handle plist(H5Dget_create_plist(dataset), H5Pclose,
                     "'" + name + "' has no readable layout");
  if (H5Pget_external_count(plist) != 0)
    throw Refusal("'" + name + "' has external raw storage; it is never read");
  shape.layout = H5Pget_layout(plist);
  if (shape.layout == H5D_VIRTUAL)
    throw Refusal("'" + name + "' is a virtual data set over other files; it is never read");
  if (shape.layout < 0) throw Refusal("'" + name + "' has an unknown layout");
  inspection::read_type(dataset, name, rules, shape);
  inspection::read_space(dataset, name, shape);
  inspection::read_filters(plist, name, rules, shape);
  if (shape.layout == H5D_CHUNKED) inspection::read_chunks(plist, name, shape);
  if (shape.layout != H5D_CHUNKED && !shape.filters.empty())
    throw Refusal("'" + name + "' has filters without chunks");
  inspection::check_storage(dataset, name, file_size, shape, rules.plausible_ratio);
  if (shape.layout == H5D_CONTIGUOUS && shape.bytes > 0) {
    shape.address = H5Dget_offset(dataset);
    if (shape.address > file_size || shape.bytes > file_size - shape.address) {
      throw Refusal("'" + name + "' lies past the end of the file: truncated");
    }
  }
  return shape;
}

}  // namespace tractrix::h5
