// Writing HDF5 files: every call is checked, and made under the library's lock.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/core/safetensors.hpp"

namespace tractrix::h5 {

// Objects are named by their path in the file; "/" is the root group. A failed call throws an Error
// that names `shown`.
class Output {
 public:
  // alignment: of every object of at least that many bytes; 1: none.
  Output(const std::filesystem::path& file, std::filesystem::path shown, uint64_t alignment = 1);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void group(const std::string& path);  // a data set's groups are made where they are missing
  // Values of that shape, row-major. chunk_rows > 0: chunks of that many rows and an open end, as
  // slide extractors write them; 0: in one piece.
  void dataset(const std::string& path, Dtype dtype, const std::vector<int64_t>& dims,
               const void* values, int64_t chunk_rows = 0);
  void texts(const std::string& path, const std::vector<std::string>& names);  // variable length
  void attribute(const std::string& object, const char* name, const std::string& value);
  void attribute(const std::string& object, const char* name, int64_t value);
  void attribute(const std::string& object, const char* name, double value);
  void close();  // reports what could not be written

 private:
  hid_t check(hid_t code) const;
  void write(const std::string& path, hid_t type, hid_t space, hid_t plan, const void* values);
  void put(const std::string& object, const char* name, hid_t type, const void* value);

  std::filesystem::path shown_;
  hid_t file_ = -1;
};

}  // namespace tractrix::h5
