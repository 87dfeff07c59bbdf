#include "tractrix/data/feature_file.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <cstring>

#include "feature_finite.hpp"
#include "feature_source.hpp"
#include "tractrix/core/raw_file.hpp"

namespace tractrix::data {
namespace feature {

at::Tensor as_asked(const at::Tensor& values, As as) {
  return as == As::stored ? values : values.to(at::kFloat);
}

}  // namespace feature

void require_finite(const at::Tensor& values, const std::string& where) {
  const at::Tensor plain = values.contiguous();
  const int64_t at = first_not_finite(plain.const_data_ptr(), plain.numel(), plain.scalar_type());
  if (at < 0) return;
  const int64_t columns = std::max<int64_t>(plain.dim() > 0 ? plain.size(-1) : 1, 1);
  const double value = plain.flatten()[at].item<double>();
  const std::string shown = std::isnan(value)   ? "NaN"
                            : std::isinf(value) ? (value > 0 ? "Inf" : "-Inf")
                                                : std::to_string(value);
  throw Error(
      where,
      "holds " + shown + " at row " + std::to_string(at / columns) + ", column " +
          std::to_string(at % columns) +
          (std::isfinite(value) ? ": beyond the range of float32" : "; features must be finite"),
      "extract this slide again, or leave it out");
}

std::string repeated_rows(const at::Tensor& bag) {
  const at::Tensor plain = bag.contiguous();
  if (plain.dim() != 2 || plain.size(0) < 2 || plain.size(1) == 0) return {};
  const auto* bytes = static_cast<const char*>(plain.const_data_ptr());
  const auto row = static_cast<size_t>(plain.nbytes() / plain.size(0));
  int64_t best = 0, best_at = 0, start = 0;
  for (int64_t i = 1; i <= plain.size(0); ++i) {
    if (i < plain.size(0) && std::memcmp(bytes + (i - 1) * row, bytes + i * row, row) == 0)
      continue;
    if (i - start > best) best = i - start, best_at = start;
    start = i;
  }
  if (best < 2) return {};
  return "rows " + std::to_string(best_at) + " to " + std::to_string(best_at + best - 1) +
         " are bit-identical";
}

bool set_bag_shape(FeatureInfo& info) {
  auto shape = info.stored_shape;
  if (shape.size() == 3 && shape[0] == 1) shape.erase(shape.begin());
  if (shape.size() != 2) return false;
  info.rows = shape[0];
  info.columns = shape[1];
  return true;
}

FeatureFile::FeatureFile(std::shared_ptr<const FeatureSource> source)
    : source_(std::move(source)) {}

const FeatureInfo& FeatureFile::info() const { return source_->info; }

at::Tensor FeatureFile::read(As as) const {
  const auto& about = info();
  const std::string where = about.file.string();
  if (about.kind == "coords")
    throw Error(where, "holds coordinates only, no features", "name the folder of the features");
  if (about.kind != "bag" && about.kind != "vector" && about.kind != "omics_bag") {
    throw Error(where, "holds " + std::to_string(about.members.size()) + " members (" +
                           enumerate(about.members) + "), not one bag");
  }
  const auto stored = source_->values("");
  const at::Tensor values = stored.tensor.reshape({about.rows, about.columns});
  if (!stored.finite) require_finite(values, where);
  return feature::as_asked(values, as);
}

at::Tensor FeatureFile::read(const std::string& member, As as) const {
  bool known = false;
  for (const auto& name : info().members) known = known || name == member;
  if (!known)
    throw Error(info().file.string(),
                "holds no '" + member + "'; there are: " + enumerate(info().members, 12));
  const auto stored = source_->values(member);
  if (!stored.finite) require_finite(stored.tensor, info().file.string() + " (" + member + ")");
  return feature::as_asked(stored.tensor, as);
}

at::Tensor FeatureFile::coords() const {
  if (!info().has_coords) throw Error(info().file.string(), "holds no coordinates");
  const at::Tensor coords = source_->coords();
  return coords.reshape({coords.size(-2), 2});
}

std::vector<std::string> FeatureFile::names(const std::string& dataset) const {
  return source_->texts(dataset);
}

namespace feature {

bool is_torch(const std::filesystem::path& path) {
  const RawFile file(path);
  const std::string head = file.text(0, std::min<uint64_t>(file.size(), 16));
  const bool zip = head.compare(0, 2, "PK") == 0;
  return zip || head.compare(0, 5, std::string_view("\x80\x02\x8a\x0a\x6c", 5)) == 0;
}

// What is HDF5 among the files from `first` on, at most so many.
std::vector<size_t> hdf5_among(const std::vector<std::filesystem::path>& files, size_t first,
                               size_t most) {
  std::vector<size_t> found;
  for (size_t i = first; i < std::min(files.size(), first + most); ++i) {
    try {
      if (!is_torch(files[i]) && is_hdf5(files[i])) found.push_back(i);
    } catch (const Error&) {  // opening it alone says the same
    }
  }
  return found;
}

}  // namespace feature

std::vector<std::optional<FeatureFile>> open_features(
    const std::vector<std::filesystem::path>& files, Errors& errors) {
  constexpr size_t kTogether = 64;
  std::vector<std::optional<FeatureFile>> opened(files.size());
  for (size_t first = 0; first < files.size(); first += kTogether) {
    const auto together = feature::hdf5_among(files, first, kTogether);
    std::vector<std::filesystem::path> paths;
    for (size_t i : together) paths.push_back(files[i]);
    const auto sources =
        paths.empty() ? std::vector<std::shared_ptr<FeatureSource>>{} : open_hdf5(paths);
    for (size_t k = 0; k < sources.size(); ++k)
      if (sources[k]) opened[together[k]].emplace(sources[k]);
  }
  for (size_t i = 0; i < files.size(); ++i) {
    try {
      if (!opened[i]) opened[i] = open_features(files[i]);
    } catch (const Error& e) {
      errors.add(e);
    }
  }
  return opened;
}

FeatureFile open_features(const std::filesystem::path& path) {
  if (feature::is_torch(path)) return FeatureFile(open_torch(path));
  if (is_hdf5(path)) return FeatureFile(open_hdf5(path));
  refuse_unknown(RawFile(path));
}

}  // namespace tractrix::data
