#include "tractrix/data/bag_source.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "gene_bags.hpp"
#include "tractrix/data/feature_file.hpp"
#include "tractrix/data/packed_store.hpp"

namespace tractrix::data {
namespace bag_source_detail {

bool is_feature_file(const std::filesystem::path& file) {
  return file.extension() == ".h5" || file.extension() == ".hdf5" || file.extension() == ".pt";
}

// By name, so that messages come in the same order everywhere.
std::map<std::string, std::filesystem::path> feature_files(const std::filesystem::path& folder,
                                                           Errors& errors) {
  std::map<std::string, std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file() || !is_feature_file(entry.path())) continue;
    const std::string name = entry.path().stem().string();
    if (!files.emplace(name, entry.path()).second) {
      errors.add(folder.string(), "slide '" + name + "' has two files",
                 "keep one format per folder");
    }
  }
  return files;
}

// TRIDENT writes patch_size_level0 beside the coordinates, STAMP the side in micrometres, which is
// the unit of its coordinates.
double named_patch_size(const Json& attributes) {
  const std::pair<const char*, const char*> places[] = {
      {"coords", "patch_size_level0"}, {"coords", "patch_size"}, {"/", "tile_size_um"}};
  for (const auto& [object, name] : places) {
    if (!attributes.contains(object) || !attributes[object].contains(name)) continue;
    const Json& value = attributes[object][name];
    const double size = value.is_number() ? value.get<double>()
                        : value.is_string()
                            ? std::strtod(value.get_ref<const std::string&>().c_str(), nullptr)
                            : 0;
    if (std::isfinite(size) && size > 0) return size;
  }
  return 0;
}

// One feature file per slide, named by the slide. Every header is read when the cohort is loaded.
class FolderSource final : public BagSource {
 public:
  FolderSource(std::filesystem::path folder, Errors& errors) : folder_(std::move(folder)) {
    const size_t before = errors.size();
    std::vector<std::string> names;
    std::vector<std::filesystem::path> paths;
    for (const auto& [name, path] : feature_files(folder_, errors)) {
      names.push_back(name);
      paths.push_back(path);
    }
    auto opened = open_features(paths, errors);
    for (size_t i = 0; i < opened.size(); ++i)
      if (!opened[i] || !add(names[i], std::move(*opened[i]), errors)) refused_.insert(names[i]);
    if (files_.empty() && errors.size() == before)
      errors.add(folder_.string(), "holds no feature file (.h5 or .pt)");
  }

  bool has(const std::string& slide) const override { return files_.contains(slide); }
  bool refused(const std::string& slide) const override { return refused_.contains(slide); }
  int64_t columns() const override { return columns_; }
  int64_t rows(const std::string& slide) const override { return at(slide).info().rows; }
  at::Tensor read(const std::string& slide) const override { return at(slide).read(); }
  at::Tensor coords(const std::string& slide) const override {
    const auto& file = at(slide);
    return file.info().has_coords ? file.coords() : at::Tensor();
  }
  double patch_size(const std::string& slide) const override {
    return named_patch_size(at(slide).info().attributes);
  }
  bool synthetic() const override { return synthetic_; }
  std::filesystem::path path() const override { return folder_; }
  std::vector<std::string> row_names() const override { return genes_; }
  std::vector<std::string> slides() const override {
    std::vector<std::string> names;
    for (const auto& [name, file] : files_) names.push_back(name);
    return names;
  }

 private:
  // False after a finding.
  bool add(const std::string& name, FeatureFile file, Errors& errors) {
    const auto& info = file.info();
    const std::string path = info.file.string();
    if (info.kind != "bag" && info.kind != "omics_bag") {
      errors.add(path, "is no bag of features but " + info.kind);
      return false;
    }
    if (info.rows == 0) {
      errors.add(path, "is an empty bag: no patch was kept",
                 "remove it, so that the slide counts as missing");
      return false;
    }
    if (columns_ != 0 && info.columns != columns_) {
      errors.add(path,
                 "has " + std::to_string(info.columns) + " columns, the others have " +
                     std::to_string(columns_),
                 "do not mix encoders in one folder");
      return false;
    }
    if (!same_rows(file, errors)) return false;
    columns_ = info.columns;
    synthetic_ = synthetic_ || info.synthetic;
    files_.emplace(name, std::move(file));
    return true;
  }

  // Rows of gene bags mean the same gene in every file.
  bool same_rows(const FeatureFile& file, Errors& errors) {
    const auto& info = file.info();
    const bool genes = info.kind == "omics_bag";
    std::vector<std::string> names;
    try {
      if (genes) names = file.names();
    } catch (const Error& e) {
      errors.add(e);
      return false;
    }
    if (files_.empty()) {
      genes_ = std::move(names);
      first_ = info.file.filename().string();
      return true;
    }
    if (genes == genes_.empty()) {
      errors.add(
          info.file.string(),
          std::string("holds ") + (genes ? "genes" : "patches") + ", " + first_ + " does not",
          "keep gene bags and patch bags in folders of their own");
      return false;
    }
    const auto difference = names_differ(names, genes_, first_);
    if (difference.empty()) return true;
    errors.add(info.file.string(), difference,
               "write all patients from one list of genes, in its order");
    return false;
  }

  const FeatureFile& at(const std::string& slide) const {
    const auto found = files_.find(slide);
    if (found == files_.end())
      throw Error(folder_.string(), "there is no feature file of slide '" + slide + "'");
    return found->second;
  }

  std::filesystem::path folder_;
  std::map<std::string, FeatureFile> files_;
  std::set<std::string> refused_;
  std::vector<std::string> genes_;  // of every file
  std::string first_;               // the file they were read from
  int64_t columns_ = 0;
  bool synthetic_ = false;
};

}  // namespace bag_source_detail

std::shared_ptr<BagSource> BagSource::open(const std::filesystem::path& path) {
  Errors errors;
  auto source = open(path, errors);
  errors.raise();
  return source;
}

std::shared_ptr<BagSource> BagSource::open(const std::filesystem::path& path, Errors& errors) {
  if (std::filesystem::is_directory(path)) {
    return std::make_shared<bag_source_detail::FolderSource>(path, errors);
  }
  if (!std::filesystem::exists(path))
    throw Error(path.string(), "there is no such folder or file of features");
  if (PackedStore::recognises(path)) return open_packed(path);
  auto file = open_features(path);
  if (file.info().kind == "omics_cohort") return open_gene_cohort(std::move(file));
  throw Error(path.string(), "is neither a folder of feature files nor a packed file",
              "`tractrix data pack FOLDER --out FILE` makes one");
}

}  // namespace tractrix::data
