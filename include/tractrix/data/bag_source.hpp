// Where the bags of a cohort lie: a folder of feature files, one packed file, or one file with the
// gene bags of all patients.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tractrix/core/error.hpp"

namespace tractrix::data {

class BagSource {
 public:
  virtual ~BagSource() = default;
  // Recognised by content. A folder's files are matched by name without extension; the gene bags of
  // a folder must have the same genes in the same order.
  static std::shared_ptr<BagSource> open(const std::filesystem::path& path);
  // Goes on with the sound files of a folder: one finding for each of the others.
  static std::shared_ptr<BagSource> open(const std::filesystem::path& path, Errors& errors);

  virtual bool has(const std::string& slide) const = 0;
  // There is a file of this slide, which open() could not use.
  virtual bool refused(const std::string&) const { return false; }
  virtual int64_t columns() const = 0;
  virtual int64_t rows(const std::string& slide) const = 0;
  virtual at::Tensor read(
      const std::string& slide) const = 0;  // [N, D] float32 or float16; may run on any thread
  // Throws when stored bytes do not match a checksum that was stored with them.
  virtual void verify(const std::string&) const {}
  virtual at::Tensor coords(const std::string& slide) const = 0;  // [N, 2], or undefined
  // Side of a patch in the unit of coords (pixels of level 0 where the extractor says so), as the
  // slide's file has it; 0: it does not say.
  virtual double patch_size(const std::string&) const { return 0; }
  virtual bool synthetic() const = 0;
  virtual std::vector<std::string> slides() const = 0;
  virtual std::filesystem::path path() const = 0;
  // Names of the rows, the same for every bag: genes. Empty for patches.
  virtual std::vector<std::string> row_names() const { return {}; }
};

}  // namespace tractrix::data
