#include "feature_h5_output.hpp"

#include <ATen/ATen.h>

#include <mutex>
#include <stdexcept>
#include <utility>

#include "feature_sandbox.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::data {
namespace h5_output {

hid_t half_type() {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  return type;
}

hid_t file_type(at::ScalarType type) {
  switch (type) {
    case at::kHalf:
      return half_type();
    case at::kFloat:
      return H5Tcopy(H5T_IEEE_F32LE);
    case at::kInt:
      return H5Tcopy(H5T_STD_I32LE);
    case at::kLong:
      return H5Tcopy(H5T_STD_I64LE);
    default:
      throw std::logic_error("a tensor type that is not written to HDF5");
  }
}

}  // namespace h5_output

H5Output::H5Output(const std::filesystem::path& file, std::filesystem::path shown,
                   uint64_t alignment)
    : shown_(std::move(shown)) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_alignment(access, alignment, alignment);
  file_ = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Pclose(access);
  check(file_);
}

H5Output::~H5Output() {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  if (file_ >= 0) H5Fclose(file_);
}

hid_t H5Output::check(hid_t code) const {
  if (code < 0)
    throw Error(shown_.string(), "cannot be written", "is the disk full? may you write there?");
  return code;
}

void H5Output::group(const std::string& path) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  H5Gclose(check(H5Gcreate2(file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
}

void H5Output::dataset(const std::string& path, const at::Tensor& values, int64_t chunk_rows) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  const hsize_t dims[2] = {static_cast<hsize_t>(values.size(0)),
                           static_cast<hsize_t>(values.size(1))};
  const hsize_t most[2] = {H5S_UNLIMITED, dims[1]};
  const hsize_t chunk[2] = {static_cast<hsize_t>(chunk_rows), dims[1]};
  const hid_t plan = check(H5Pcreate(H5P_DATASET_CREATE));
  if (chunk_rows > 0) check(H5Pset_chunk(plan, 2, chunk));
  const hid_t space = check(H5Screate_simple(2, dims, chunk_rows > 0 ? most : nullptr));
  const hid_t type = h5_output::file_type(values.scalar_type());
  write(path, type, space, plan, values.const_data_ptr());
  H5Tclose(type);
  H5Sclose(space);
  H5Pclose(plan);
}

void H5Output::texts(const std::string& path, const std::vector<std::string>& names) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  const hsize_t count = names.size();
  std::vector<const char*> pointers;
  for (const auto& name : names) pointers.push_back(name.c_str());
  const hid_t type = check(H5Tcopy(H5T_C_S1)), space = check(H5Screate_simple(1, &count, nullptr));
  check(H5Tset_size(type, H5T_VARIABLE));
  check(H5Tset_cset(type, H5T_CSET_UTF8));
  write(path, type, space, H5P_DEFAULT, pointers.data());
  H5Tclose(type);
  H5Sclose(space);
}

void H5Output::write(const std::string& path, hid_t type, hid_t space, hid_t plan,
                     const void* values) {
  const hid_t parents = check(H5Pcreate(H5P_LINK_CREATE));
  check(H5Pset_create_intermediate_group(parents, 1));
  const hid_t dataset =
      check(H5Dcreate2(file_, path.c_str(), type, space, parents, plan, H5P_DEFAULT));
  check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  check(H5Dclose(dataset));
  H5Pclose(parents);
}

void H5Output::put(const std::string& object, const char* name, hid_t type, const void* value) {
  const hid_t holder = check(H5Oopen(file_, object.c_str(), H5P_DEFAULT));
  const hid_t space = check(H5Screate(H5S_SCALAR));
  const hid_t id = check(H5Acreate2(holder, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
  check(H5Awrite(id, type, value));
  H5Aclose(id);
  H5Sclose(space);
  H5Oclose(holder);
}

void H5Output::attribute(const std::string& object, const char* name, const std::string& value) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  const hid_t type = check(H5Tcopy(H5T_C_S1));
  check(H5Tset_size(type, value.size() + 1));
  check(H5Tset_cset(type, H5T_CSET_UTF8));
  put(object, name, type, value.c_str());
  H5Tclose(type);
}

void H5Output::attribute(const std::string& object, const char* name, int64_t value) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  put(object, name, H5T_NATIVE_INT64, &value);
}

void H5Output::attribute(const std::string& object, const char* name, double value) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  put(object, name, H5T_NATIVE_DOUBLE, &value);
}

void H5Output::close() {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  check(H5Fclose(std::exchange(file_, -1)));
}

}  // namespace tractrix::data
