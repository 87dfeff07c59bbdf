// Feature files as their writers leave them: HDF5 of TRIDENT, CLAM, STAMP, MMP and gene bags, and
// .pt files of torch.save. A file is recognised by its content, never by its name.
//
// Files are untrusted. Nothing in them is executed: .pt files go through an own reader with a list
// of allowed opcodes and globals. HDF5 files go through the C library, which old versions of crash
// or loop on hostile bytes (1.10.8 does on a B-tree node that points to itself, and CVEs are found
// every year): so the library only ever sees them in a forked child with bounds on memory and time,
// in which no further file can be opened. Guards on raw bytes alone would have to repeat the
// library's whole parser to be complete; a child costs about a millisecond. The child hands back a
// description and where the values lie; values that lie plainly in the file are then read by the
// program itself with bounded reads.
//
// Errors: tractrix::Error naming the file and the cause.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/safetensors.hpp"

namespace tractrix::data {

struct FeatureInfo {
  std::filesystem::path file;
  // bag [N, D], vector [D] (a slide or patient embedding), coords (coordinates only), omics_bag (a
  // bag of named genes), omics_cohort (a bag per patient), tensors (several tensors in one .pt)
  std::string kind;
  std::string format;  // hdf5, torch zip, torch legacy
  std::string layout;  // trident, clam, stamp, mmp, omics, tensor, dict, ...: who writes such files
  std::string dataset;  // name of the features inside the file; empty for a lone tensor
  std::vector<int64_t> stored_shape;
  int64_t rows = 0,
          columns = 0;       // after a leading dimension of one is dropped; a vector has one row
  Dtype dtype = Dtype::f32;  // as stored, without byte order
  std::string encoder;       // as the file names it, or empty
  bool has_coords = false;
  std::vector<int64_t> coords_shape;  // as stored
  Dtype coords_dtype = Dtype::i64;
  bool synthetic = false;      // the file says that its values are made up
  std::vector<int64_t> chunk;  // HDF5: shape of a chunk, empty when the values lie in one piece
  std::vector<std::string> filters;  // HDF5: shuffle, deflate, fletcher32
  std::vector<std::string> members;  // patients of an omics_cohort, names of tensors
  std::vector<std::string> texts;    // HDF5: data sets of text, such as gene_names
  Json attributes = Json::object();  // by object: {"/": {...}, "features": {...}}
};

// What a reader asks for: float32 for computing, or the type in the file.
enum class As { float32, stored };

class FeatureSource;  // one per format

class FeatureFile {
 public:
  explicit FeatureFile(std::shared_ptr<const FeatureSource> source);
  const FeatureInfo& info() const;

  // bag, omics_bag: [N, D]; vector: [1, D]. Refuses values that are not finite (also as float32)
  // with row and column.
  at::Tensor read(As as = As::float32) const;
  // One patient of an omics_cohort [genes, D], or one of several tensors in its own shape.
  at::Tensor read(const std::string& member, As as = As::float32) const;
  // [N, 2] in the stored type (int64, int32, float32 ...); throws when the file has none.
  at::Tensor coords() const;
  // A data set of text: gene_names, ensembl_ids, case_ids.
  std::vector<std::string> names(const std::string& dataset = "gene_names") const;

 private:
  std::shared_ptr<const FeatureSource> source_;
};

// Reads and checks the structure, not the values.
FeatureFile open_features(const std::filesystem::path& file);

// Many files: one child looks at dozens of HDF5 files in turn. Result i is empty, and an Error
// added, where file i cannot be opened. A file whose child crashes or refuses it is opened again by
// a child of its own, so that the blame is never another file's.
std::vector<std::optional<FeatureFile>> open_features(
    const std::vector<std::filesystem::path>& files, Errors& errors);

// Throws at the first value that is not finite as float32, naming row and column of [rows,
// columns].
void require_finite(const at::Tensor& values, const std::string& where);

// "rows 10 to 19 are bit-identical": the longest run of equal rows of [N, D], or "" when no two
// neighbours are equal.
std::string repeated_rows(const at::Tensor& bag);

}  // namespace tractrix::data
