#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>

#include "feature_h5_output.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/raw_file.hpp"
#include "tractrix/data/packed_store.hpp"

namespace tractrix::data {
namespace packing {

constexpr uint64_t kAlignment = 4096;
constexpr const char* kSlides = "slides";

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

class PackedWriter::Output : public H5Output {
 public:
  using H5Output::H5Output;

  void add(const std::string& slide, const at::Tensor& features, const at::Tensor& coords,
           const std::string& source) {
    const std::string at = packing::kSlides + ("/" + slide);
    group(at);
    dataset(at + "/features", features);
    const std::string_view bytes(static_cast<const char*>(features.const_data_ptr()),
                                 features.nbytes());
    attribute(at + "/features", "sha256", sha256(bytes));
    attribute(at + "/features", "source", source);
    if (coords.defined()) dataset(at + "/coords", coords);
  }
};

PackedWriter::PackedWriter(const std::filesystem::path& file, Precision precision)
    : file_(file), temporary_(temporary_for(file)), precision_(precision) {
  output_ = std::make_unique<Output>(temporary_, file_, packing::kAlignment);
  output_->group(packing::kSlides);
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
  output_->attribute("/", "encoder", encoder_);
  output_->attribute("/", "tractrix_packed", int64_t{1});
  output_->attribute("/", "tractrix_synthetic", int64_t{synthetic_});
  output_->close();
  put_in_place(temporary_, file_);
  output_.reset();
}

}  // namespace tractrix::data
