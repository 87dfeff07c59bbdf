#include "tractrix/data/feature_writer.hpp"

#include <ATen/ATen.h>
#include <unistd.h>

#include <functional>

#include "feature_h5_output.hpp"
#include "feature_torch_output.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/feature_file.hpp"

namespace tractrix::data {
namespace feature_writing {

constexpr double kMicrometres = 0.5;  // per pixel at 20x

// Under a temporary name first: a file that is there is whole.
void replace(const std::filesystem::path& file, const std::function<void(H5Output&)>& fill) {
  const auto temporary = temporary_for(file);
  try {
    H5Output output(temporary, file);
    fill(output);
    output.close();
    put_in_place(temporary, file);
  } catch (...) {  // clean up, then pass on whatever it was
    ::unlink(temporary.c_str());
    throw;
  }
}

void mark(H5Output& output, const FeatureContent& content) {
  if (content.synthetic) output.attribute("/", "tractrix_synthetic", int64_t{1});
}

void trident(H5Output& output, const FeatureContent& content) {
  output.dataset("features", content.features.to(at::kFloat).contiguous(), 1);
  output.attribute("features", "name", content.name);
  output.attribute("features", "savetodir", "features_" + content.encoder);
  output.attribute("features", "encoder", content.encoder);
  mark(output, content);
  if (!content.coords.defined()) return;
  output.dataset("coords", content.coords.to(at::kLong).contiguous(), 1);
  for (const char* name : {"patch_size", "patch_size_level0"})
    output.attribute("coords", name, content.patch_size);
  for (const char* name : {"level0_magnification", "target_magnification"})
    output.attribute("coords", name, int64_t{20});
  output.attribute("coords", "overlap", int64_t{0});
  output.attribute("coords", "name", content.name);
}

void clam(H5Output& output, const FeatureContent& content) {
  output.dataset("features", content.features.to(at::kFloat).contiguous(), 1);
  if (content.coords.defined())
    output.dataset("coords", content.coords.to(at::kInt).contiguous(), 1);
  mark(output, content);
}

void stamp(H5Output& output, const FeatureContent& content) {
  const auto size = static_cast<double>(content.patch_size) * kMicrometres;
  output.dataset("feats", content.features.to(at::kHalf).contiguous());
  if (content.coords.defined())
    output.dataset("coords", (content.coords.to(at::kFloat) * kMicrometres).contiguous());
  output.attribute("/", "extractor", content.encoder);
  output.attribute("/", "unit", std::string("um"));
  output.attribute("/", "tile_size_um", size);
  output.attribute("/", "tile_size_px", content.patch_size);
  output.attribute("/", "feat_type", std::string("tile"));
  mark(output, content);
}

}  // namespace feature_writing

void write_features(const std::filesystem::path& file, FeatureLayout layout,
                    const FeatureContent& content) {
  using namespace feature_writing;
  require_finite(layout == FeatureLayout::stamp ? content.features.to(at::kHalf) : content.features,
                 file.string());
  switch (layout) {
    case FeatureLayout::trident:
      return replace(file, [&](H5Output& output) { trident(output, content); });
    case FeatureLayout::clam:
      return replace(file, [&](H5Output& output) { clam(output, content); });
    case FeatureLayout::stamp:
      return replace(file, [&](H5Output& output) { stamp(output, content); });
    case FeatureLayout::pt:
      return write_torch(file, content.features.to(at::kFloat).contiguous(), content.synthetic);
  }
}

void write_gene_bag(const std::filesystem::path& file, const FeatureContent& content,
                    const std::vector<std::string>& genes) {
  require_finite(content.features, file.string());
  if (content.features.dim() != 2 ||
      content.features.size(0) != static_cast<int64_t>(genes.size())) {
    throw Error(file.string(), "would have " + std::to_string(genes.size()) +
                                   " gene names for another number of rows");
  }
  feature_writing::replace(file, [&](H5Output& output) {
    output.dataset("features", content.features.to(at::kFloat).contiguous());
    output.texts("gene_names", genes);
    output.attribute("/", "case_id", content.name);
    output.attribute("/", "model", content.encoder);
    feature_writing::mark(output, content);
  });
}

}  // namespace tractrix::data
