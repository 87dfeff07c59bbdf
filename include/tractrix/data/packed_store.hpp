// One HDF5 file for all bags of a cohort, read without the HDF5 library: every bag lies in one
// piece, its place is looked up once when the file is opened (inside the sandbox of feature files),
// and reading a bag is one pread.
//
// Layout, version 1 (also readable with h5py): root attributes tractrix_packed = 1, encoder,
// tractrix_synthetic; /slides/<slide>/features [N, D] contiguous float16 or float32, aligned to
// 4096 bytes, with the attributes sha256 (of its bytes) and source (name of the file it came from);
// /slides/<slide>/coords [N, 2] where known.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tractrix/core/named.hpp"
#include "tractrix/core/safetensors.hpp"
#include "tractrix/data/bag_source.hpp"
#include "tractrix/data/feature_file.hpp"

namespace tractrix {
class RawFile;
}

namespace tractrix::data {

// lossless: float16 for a bag whose every value survives the round trip, otherwise float32.
// float16: always, rounded; values beyond its range are refused.
enum class Precision { lossless, float16, float32 };

struct PackedOrigin {
  std::string encoder, source;
  bool synthetic = false;
};

// Writes under a temporary name; the file appears under its own name at finish() or not at all.
class PackedWriter {
 public:
  PackedWriter(const std::filesystem::path& file, Precision precision);
  ~PackedWriter();
  PackedWriter(const PackedWriter&) = delete;
  PackedWriter& operator=(const PackedWriter&) = delete;

  // features [N, D], N > 0, D as in the first bag; coords [N, 2] or undefined. Throws for a slide
  // that is there already, another width or encoder, values that are not finite.
  void add(const std::string& slide, const at::Tensor& features, const at::Tensor& coords,
           const PackedOrigin& origin);
  void add(const std::string& slide, const FeatureFile& file);
  void finish();

 private:
  class Output;  // the HDF5 side
  std::filesystem::path file_, temporary_;
  Precision precision_;
  std::unique_ptr<Output> output_;
  std::vector<std::string> slides_;
  int64_t columns_ = 0;
  std::string encoder_;
  bool synthetic_ = false;
};

struct PackedSlide {
  std::string name, source, sha256;
  int64_t rows = 0;
  Dtype dtype = Dtype::f32;
  uint64_t address = 0;  // of the features in the file
  bool has_coords = false;
  Dtype coords_dtype = Dtype::i64;
  uint64_t coords_address = 0;
};

class PackedStore {
 public:
  static bool recognises(const std::filesystem::path& file);
  explicit PackedStore(const std::filesystem::path& file);

  const std::vector<PackedSlide>& slides() const { return slides_; }
  bool has(const std::string& slide) const { return index_.contains(slide); }
  const PackedSlide& slide(const std::string& name) const;
  int64_t columns() const { return columns_; }
  const std::string& encoder() const { return encoder_; }
  bool synthetic() const { return synthetic_; }
  const std::filesystem::path& path() const { return path_; }

  // [N, D] in the stored type; any number of threads at once.
  at::Tensor read(const std::string& slide) const;
  at::Tensor coords(const std::string& slide) const;  // [N, 2]
  // Throws when a bag's bytes do not match the checksum that was stored with it.
  void verify(const std::string& slide) const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<const RawFile> raw_;
  std::vector<PackedSlide> slides_;
  std::map<std::string, size_t> index_;
  int64_t columns_ = 0;
  std::string encoder_;
  bool synthetic_ = false;
};

// A packed file as the source of a cohort's bags.
std::shared_ptr<BagSource> open_packed(const std::filesystem::path& file);

}  // namespace tractrix::data
