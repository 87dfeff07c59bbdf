// What a format gives to FeatureFile.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "tractrix/data/feature_file.hpp"

namespace tractrix::data {

struct StoredValues {
  at::Tensor tensor;
  bool finite = false;  // found out while the values were read; otherwise still to be asked
};

class FeatureSource {
 public:
  virtual ~FeatureSource() = default;
  // The features ("" or a member's name) in their stored type and shape, native byte order.
  virtual StoredValues values(const std::string& member) const = 0;
  virtual at::Tensor coords() const = 0;
  virtual std::vector<std::string> texts(const std::string& dataset) const = 0;

  FeatureInfo info;
};

bool is_hdf5(const std::filesystem::path& file);
std::shared_ptr<FeatureSource> open_hdf5(const std::filesystem::path& file);
// A few dozen files (all are open at once) by one child; nothing for those that must be opened
// alone to say what is wrong with them.
std::vector<std::shared_ptr<FeatureSource>> open_hdf5(
    const std::vector<std::filesystem::path>& files);
// Files of torch.save, zip or legacy.
std::shared_ptr<FeatureSource> open_torch(const std::filesystem::path& file);

// Sets rows and columns from stored_shape; false when it is neither [N, D] nor [1, N, D].
bool set_bag_shape(FeatureInfo& info);

}  // namespace tractrix::data
