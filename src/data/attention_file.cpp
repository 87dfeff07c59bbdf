#include "tractrix/data/attention_file.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "feature_sandbox.hpp"

namespace tractrix::data {

// Calls into the HDF5 library are made under its lock; a failed one ends the file.
class AttentionWriter::Output {
 public:
  Output(const std::filesystem::path& file, std::filesystem::path shown)
      : shown_(std::move(shown)) {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    file_ = check(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    parents_ = check(H5Pcreate(H5P_LINK_CREATE));
    check(H5Pset_create_intermediate_group(parents_, 1));
    mark();
  }
  ~Output() {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    if (parents_ >= 0) H5Pclose(parents_);
    if (file_ >= 0) H5Fclose(file_);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // tensor: contiguous, 2-D, float32, float64 or int64.
  void write(const std::string& name, const at::Tensor& tensor) {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    const hsize_t dims[2] = {static_cast<hsize_t>(tensor.size(0)),
                             static_cast<hsize_t>(tensor.size(1))};
    const hid_t type = tensor.scalar_type() == at::kLong ? H5T_NATIVE_INT64 : H5T_NATIVE_FLOAT;
    const hid_t space = check(H5Screate_simple(2, dims, nullptr));
    const hid_t dataset =
        check(H5Dcreate2(file_, name.c_str(), type, space, parents_, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.const_data_ptr()));
    H5Dclose(dataset);
    H5Sclose(space);
  }

  void close() {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    check(H5Fclose(std::exchange(file_, -1)));  // reports what could not be written
  }

 private:
  template <class Code>
  Code check(Code code) const {
    if (code < 0)
      throw Error(shown_.string(), "cannot be written", "is the disk full? may you write there?");
    return code;
  }

  void mark() {
    const int64_t version = 1;
    const hid_t space = check(H5Screate(H5S_SCALAR));
    const hid_t id = check(
        H5Acreate2(file_, "tractrix_attention", H5T_NATIVE_INT64, space, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Awrite(id, H5T_NATIVE_INT64, &version));
    H5Aclose(id);
    H5Sclose(space);
  }

  std::filesystem::path shown_;
  hid_t file_ = -1, parents_ = -1;
};

AttentionWriter::AttentionWriter(const std::filesystem::path& file)
    : file_(file), temporary_(file) {
  temporary_ += ".tractrix-tmp" + std::to_string(::getpid());
  output_ = std::make_unique<Output>(temporary_, file_);
}

AttentionWriter::~AttentionWriter() {
  const bool open = output_ != nullptr;
  output_.reset();
  if (open) ::unlink(temporary_.c_str());
}

void AttentionWriter::add(int64_t fold, const std::string& input, const BagInput& bags,
                          size_t patient, const at::Tensor& attention) {
  const std::string group = "/fold_" + std::to_string(fold) + "/" + input + "/";
  int64_t begin = 0;
  for (const auto& slide : bags.slides.at(patient)) begin += bags.source->rows(slide);
  if (attention.dim() != 2 || attention.size(1) != begin) {
    throw Error(file_.string(),
                "the recipe's attention over '" + input + "' has another length than the bag");
  }
  begin = 0;
  for (const auto& slide : bags.slides.at(patient)) {
    const int64_t rows = bags.source->rows(slide);
    output_->write(group + slide + "/attention",
                   attention.narrow(1, begin, rows).to(at::kCPU, at::kFloat).contiguous());
    const auto coords = bags.source->coords(slide);
    if (coords.defined()) {
      const auto type = at::isFloatingType(coords.scalar_type()) ? at::kFloat : at::kLong;
      output_->write(group + slide + "/coords", coords.to(type).contiguous());
    }
    begin += rows;
  }
}

void AttentionWriter::finish() {
  output_->close();
  const int fd = ::open(temporary_.c_str(), O_RDWR | O_CLOEXEC);
  const bool flushed = fd >= 0 && ::fsync(fd) == 0;
  const int code = errno;
  if (fd >= 0) ::close(fd);
  if (!flushed)
    throw Error(file_.string(),
                std::string("cannot be flushed to the disk: ") + std::strerror(code));
  if (::rename(temporary_.c_str(), file_.c_str()) != 0)
    throw Error(file_.string(), std::string("cannot be replaced: ") + std::strerror(errno));
  output_.reset();
}

}  // namespace tractrix::data
