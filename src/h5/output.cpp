#include "tractrix/h5/output.hpp"

#include <mutex>
#include <stdexcept>
#include <utility>

#include "tractrix/core/error.hpp"
#include "tractrix/core/sandbox.hpp"

namespace tractrix::h5 {
namespace h5_output {

hid_t half_type() {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  return type;
}

hid_t file_type(Dtype type) {
  switch (type) {
    case Dtype::f16:
      return half_type();
    case Dtype::f32:
      return H5Tcopy(H5T_IEEE_F32LE);
    case Dtype::f64:
      return H5Tcopy(H5T_IEEE_F64LE);
    case Dtype::i32:
      return H5Tcopy(H5T_STD_I32LE);
    case Dtype::i64:
      return H5Tcopy(H5T_STD_I64LE);
    case Dtype::u8:
      return H5Tcopy(H5T_STD_U8LE);
    default:
      throw std::logic_error("a type that is not written to HDF5");
  }
}

// The same content is the same file, whenever it is written.
hid_t plan_without_times() {
  const hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(plan, false);
  return plan;
}

}  // namespace h5_output

Output::Output(const std::filesystem::path& file, std::filesystem::path shown, uint64_t alignment)
    : shown_(std::move(shown)) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_alignment(access, alignment, alignment);
  file_ = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Pclose(access);
  check(file_);
}

Output::~Output() {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  if (file_ >= 0) H5Fclose(file_);
}

hid_t Output::check(hid_t code) const {
  if (code < 0)
    throw Error(shown_.string(), "cannot be written", "is the disk full? may you write there?");
  return code;
}

void Output::group(const std::string& path) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  H5Gclose(check(H5Gcreate2(file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
}

void Output::dataset(const std::string& path, Dtype dtype, const std::vector<int64_t>& dims,
                     const void* values, int64_t chunk_rows) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  const std::vector<hsize_t> extent(dims.begin(), dims.end());
  std::vector<hsize_t> most = extent, chunk = extent;
  const hid_t plan = check(h5_output::plan_without_times());
  if (chunk_rows > 0) {
    most.at(0) = H5S_UNLIMITED;
    chunk.at(0) = static_cast<hsize_t>(chunk_rows);
    check(H5Pset_chunk(plan, static_cast<int>(chunk.size()), chunk.data()));
  }
  const hid_t space =
      check(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), most.data()));
  const hid_t type = h5_output::file_type(dtype);
  write(path, type, space, plan, values);
  H5Tclose(type);
  H5Sclose(space);
  H5Pclose(plan);
}

void Output::texts(const std::string& path, const std::vector<std::string>& names) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  const hsize_t count = names.size();
  std::vector<const char*> pointers;
  for (const auto& name : names) pointers.push_back(name.c_str());
  const hid_t type = check(H5Tcopy(H5T_C_S1)), space = check(H5Screate_simple(1, &count, nullptr));
  check(H5Tset_size(type, H5T_VARIABLE));
  check(H5Tset_cset(type, H5T_CSET_UTF8));
  const hid_t plan = check(h5_output::plan_without_times());
  write(path, type, space, plan, pointers.data());
  H5Pclose(plan);
  H5Tclose(type);
  H5Sclose(space);
}

void Output::write(const std::string& path, hid_t type, hid_t space, hid_t plan,
                   const void* values) {
  const hid_t parents = check(H5Pcreate(H5P_LINK_CREATE));
  check(H5Pset_create_intermediate_group(parents, 1));
  const hid_t dataset =
      check(H5Dcreate2(file_, path.c_str(), type, space, parents, plan, H5P_DEFAULT));
  check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  check(H5Dclose(dataset));
  H5Pclose(parents);
}

void Output::put(const std::string& object, const char* name, hid_t type, const void* value) {
  const hid_t holder = check(H5Oopen(file_, object.c_str(), H5P_DEFAULT));
  const hid_t space = check(H5Screate(H5S_SCALAR));
  const hid_t id = check(H5Acreate2(holder, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
  check(H5Awrite(id, type, value));
  H5Aclose(id);
  H5Sclose(space);
  H5Oclose(holder);
}

void Output::attribute(const std::string& object, const char* name, const std::string& value) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  const hid_t type = check(H5Tcopy(H5T_C_S1));
  check(H5Tset_size(type, value.size() + 1));
  check(H5Tset_cset(type, H5T_CSET_UTF8));
  put(object, name, type, value.c_str());
  H5Tclose(type);
}

void Output::attribute(const std::string& object, const char* name, int64_t value) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  put(object, name, H5T_NATIVE_INT64, &value);
}

void Output::attribute(const std::string& object, const char* name, double value) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  put(object, name, H5T_NATIVE_DOUBLE, &value);
}

void Output::close() {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  check(H5Fclose(std::exchange(file_, -1)));
}

}  // namespace tractrix::h5
