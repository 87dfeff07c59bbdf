#include "tractrix/data/bag_source.hpp"

#include <ATen/ATen.h>

#include <map>

#include "tractrix/data/feature_file.hpp"
#include "tractrix/data/packed_store.hpp"

namespace tractrix::data {
namespace bag_source_detail {

bool is_feature_file(const std::filesystem::path& file) {
  return file.extension() == ".h5" || file.extension() == ".hdf5" || file.extension() == ".pt";
}

// One feature file per slide, named by the slide. Every header is read when the cohort is loaded.
class FolderSource final : public BagSource {
 public:
  explicit FolderSource(std::filesystem::path folder) : folder_(std::move(folder)) {
    Errors errors;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (!entry.is_regular_file() || !is_feature_file(entry.path())) continue;
      const std::string name = entry.path().stem().string();
      if (files_.contains(name)) {
        errors.add(folder_.string(), "slide '" + name + "' has two files",
                   "keep one format per folder");
        continue;
      }
      try {
        add(name, entry.path(), errors);
      } catch (const Error& e) {
        errors.add(e);
      }
    }
    errors.raise();
    if (files_.empty()) throw Error(folder_.string(), "holds no feature file (.h5 or .pt)");
  }

  bool has(const std::string& slide) const override { return files_.contains(slide); }
  int64_t columns() const override { return columns_; }
  int64_t rows(const std::string& slide) const override { return at(slide).info().rows; }
  at::Tensor read(const std::string& slide) const override { return at(slide).read(); }
  at::Tensor coords(const std::string& slide) const override {
    const auto& file = at(slide);
    return file.info().has_coords ? file.coords() : at::Tensor();
  }
  bool synthetic() const override { return synthetic_; }
  std::filesystem::path path() const override { return folder_; }
  std::vector<std::string> slides() const override {
    std::vector<std::string> names;
    for (const auto& [name, file] : files_) names.push_back(name);
    return names;
  }

 private:
  void add(const std::string& name, const std::filesystem::path& path, Errors& errors) {
    auto file = open_features(path);
    const auto& info = file.info();
    if (info.kind != "bag" && info.kind != "omics_bag") {
      errors.add(path.string(), "is no bag of features but " + info.kind);
      return;
    }
    if (info.rows == 0) {
      errors.add(path.string(), "is an empty bag: no patch was kept",
                 "remove it, so that the slide counts as missing");
      return;
    }
    if (columns_ != 0 && info.columns != columns_) {
      errors.add(path.string(),
                 "has " + std::to_string(info.columns) + " columns, the others have " +
                     std::to_string(columns_),
                 "do not mix encoders in one folder");
      return;
    }
    columns_ = info.columns;
    synthetic_ = synthetic_ || info.synthetic;
    files_.emplace(name, std::move(file));
  }

  const FeatureFile& at(const std::string& slide) const {
    const auto found = files_.find(slide);
    if (found == files_.end())
      throw Error(folder_.string(), "there is no feature file of slide '" + slide + "'");
    return found->second;
  }

  std::filesystem::path folder_;
  std::map<std::string, FeatureFile> files_;
  int64_t columns_ = 0;
  bool synthetic_ = false;
};

}  // namespace bag_source_detail

std::shared_ptr<BagSource> BagSource::open(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    return std::make_shared<bag_source_detail::FolderSource>(path);
  }
  if (!std::filesystem::exists(path))
    throw Error(path.string(), "there is no such folder or file of features");
  if (PackedStore::recognises(path)) return open_packed(path);
  throw Error(path.string(), "is neither a folder of feature files nor a packed file",
              "`tractrix data pack FOLDER --out FILE` makes one");
}

}  // namespace tractrix::data
