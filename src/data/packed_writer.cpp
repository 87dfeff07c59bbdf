#include <ATen/ATen.h>
#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "feature_bytes.hpp"
#include "feature_sandbox.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/packed_store.hpp"

namespace tractrix::data {
namespace packing {

constexpr hsize_t kAlignment = 4096;

void sync(const std::filesystem::path& path, int flags, const std::filesystem::path& shown) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0 || ::fsync(fd) != 0) {
    const int code = errno;
    if (fd >= 0) ::close(fd);
    throw Error(shown.string(),
                std::string("cannot be flushed to the disk: ") + std::strerror(code));
  }
  ::close(fd);
}

bool survives_half(const at::Tensor& values) {
  if (values.scalar_type() == at::kHalf) return true;
  return at::equal(values.to(at::kHalf).to(values.scalar_type()), values);
}

// The values as they will lie in the file: CPU, contiguous, float16 or float32.
at::Tensor stored_form(const at::Tensor& features, Precision precision, const std::string& where) {
  const at::Tensor values = features.detach().to(at::kCPU).contiguous();
  require_finite(values, where);
  if (precision == Precision::float32) return values.to(at::kFloat);
  if (precision == Precision::lossless)
    return values.to(survives_half(values) ? at::kHalf : at::kFloat);
  const at::Tensor half = values.to(at::kHalf);
  if (!at::isfinite(half).all().item<bool>()) {
    throw Error(where, "holds values beyond the range of float16 (65504)",
                "pack with precision lossless or float32");
  }
  return half;
}

}  // namespace packing

// Calls into the HDF5 library are made under its lock; a failed one ends the pack.
class PackedWriter::Output {
 public:
  Output(const std::filesystem::path& file, std::filesystem::path shown)
      : shown_(std::move(shown)) {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_alignment(access, packing::kAlignment, packing::kAlignment);
    file_ = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    check(file_);
    slides_ = check(H5Gcreate2(file_, "slides", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  }
  ~Output() {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    if (slides_ >= 0) H5Gclose(slides_);
    if (file_ >= 0) H5Fclose(file_);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void add(const std::string& slide, const at::Tensor& features, const at::Tensor& coords,
           const std::string& source) {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    const hid_t group =
        check(H5Gcreate2(slides_, slide.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const hid_t type = features.scalar_type() == at::kHalf ? half_type() : H5Tcopy(H5T_IEEE_F32LE);
    const hid_t dataset = write(group, "features", features, type);
    const std::string_view bytes(static_cast<const char*>(features.const_data_ptr()),
                                 features.nbytes());
    text(dataset, "sha256", sha256(bytes));
    text(dataset, "source", source);
    H5Dclose(dataset);
    if (coords.defined()) H5Dclose(write(group, "coords", coords, coords_type(coords)));
    H5Gclose(group);
  }

  void close(const std::string& encoder, bool synthetic) {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    text(file_, "encoder", encoder);
    number(file_, "tractrix_packed", 1);
    number(file_, "tractrix_synthetic", synthetic);
    H5Gclose(std::exchange(slides_, -1));
    check(H5Fclose(std::exchange(file_, -1)));  // reports what could not be written
  }

 private:
  template <class Code>
  Code check(Code code) const {
    if (code < 0)
      throw Error(shown_.string(), "cannot be written", "is the disk full? may you write there?");
    return code;
  }

  static hid_t half_type() {
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    return type;
  }
  static hid_t coords_type(const at::Tensor& coords) {
    return H5Tcopy(coords.scalar_type() == at::kLong ? H5T_STD_I64LE : H5T_IEEE_F32LE);
  }

  hid_t write(hid_t group, const char* name, const at::Tensor& tensor, hid_t type) {
    const hsize_t dims[2] = {static_cast<hsize_t>(tensor.size(0)),
                             static_cast<hsize_t>(tensor.size(1))};
    const hid_t space = check(H5Screate_simple(2, dims, nullptr));
    const hid_t dataset =
        check(H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.const_data_ptr()));
    H5Sclose(space);
    H5Tclose(type);
    return dataset;
  }

  void attribute(hid_t object, const char* name, hid_t type, const void* value) {
    const hid_t space = check(H5Screate(H5S_SCALAR));
    const hid_t id = check(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Awrite(id, type, value));
    H5Aclose(id);
    H5Sclose(space);
  }
  void text(hid_t object, const char* name, const std::string& value) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, value.size() + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    attribute(object, name, type, value.c_str());
    H5Tclose(type);
  }
  void number(hid_t object, const char* name, int64_t value) {
    attribute(object, name, H5T_NATIVE_INT64, &value);
  }

  std::filesystem::path shown_;
  hid_t file_ = -1, slides_ = -1;
};

PackedWriter::PackedWriter(const std::filesystem::path& file, Precision precision)
    : file_(file), temporary_(file), precision_(precision) {
  temporary_ += ".tractrix-tmp" + std::to_string(::getpid());
  output_ = std::make_unique<Output>(temporary_, file_);
}

PackedWriter::~PackedWriter() {
  const bool open = output_ != nullptr;
  output_.reset();
  if (open) ::unlink(temporary_.c_str());
}

void PackedWriter::add(const std::string& slide, const at::Tensor& features,
                       const at::Tensor& coords, const PackedOrigin& origin) {
  const std::string where = origin.source.empty() ? slide : origin.source;
  if (slide.empty() || slide == "." || slide.find('/') != std::string::npos || !valid_utf8(slide)) {
    throw Error(where, "'" + printable(slide) + "' cannot be the name of a slide");
  }
  if (std::find(slides_.begin(), slides_.end(), slide) != slides_.end()) {
    throw Error(where, "slide '" + slide + "' is in the pack already");
  }
  if (features.dim() != 2 || features.size(0) == 0 || features.size(1) == 0)
    throw Error(where, "is no bag [patches, width] with a patch");
  if (columns_ != 0 && features.size(1) != columns_) {
    throw Error(where,
                "has " + std::to_string(features.size(1)) + " columns, the pack has " +
                    std::to_string(columns_),
                "do not mix encoders in one pack");
  }
  if (!encoder_.empty() && !origin.encoder.empty() && origin.encoder != encoder_) {
    throw Error(where,
                "was made by encoder '" + origin.encoder + "', the pack by '" + encoder_ + "'");
  }
  at::Tensor places;
  if (coords.defined()) {
    if (coords.dim() != 2 || coords.size(0) != features.size(0) || coords.size(1) != 2)
      throw Error(where, "has coordinates of another shape than its bag");
    places =
        coords.to(at::isFloatingType(coords.scalar_type()) ? at::kFloat : at::kLong).contiguous();
  }
  output_->add(slide, packing::stored_form(features, precision_, where), places, origin.source);
  slides_.push_back(slide);
  columns_ = features.size(1);
  if (encoder_.empty()) encoder_ = origin.encoder;
  synthetic_ = synthetic_ || origin.synthetic;
}

void PackedWriter::add(const std::string& slide, const FeatureFile& file) {
  const auto& info = file.info();
  add(slide, file.read(As::stored), info.has_coords ? file.coords() : at::Tensor(),
      {info.encoder, info.file.filename().string(), info.synthetic});
}

void PackedWriter::finish() {
  if (slides_.empty()) throw Error(file_.string(), "would be a pack without a slide");
  output_->close(encoder_, synthetic_);
  packing::sync(temporary_, O_RDWR, file_);
  if (::rename(temporary_.c_str(), file_.c_str()) != 0) {
    throw Error(file_.string(), std::string("cannot be replaced: ") + std::strerror(errno));
  }
  output_.reset();
  const auto folder = file_.parent_path();
  packing::sync(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY, file_);
}

}  // namespace tractrix::data
