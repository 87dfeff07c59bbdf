#include "tractrix/data/attention_file.hpp"

#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "feature_h5_output.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::data {

double coordinate_step(const at::Tensor& coords) {
  double step = 0;
  for (int64_t axis = 0; axis < 2; ++axis) {
    const at::Tensor sorted = std::get<0>(coords.select(1, axis).to(at::kDouble).sort());
    const at::Tensor gaps = sorted.diff();
    const at::Tensor some = gaps.masked_select(gaps > 0);
    if (some.numel() == 0) continue;
    const double least = some.min().item<double>();
    step = step > 0 ? std::min(step, least) : least;
  }
  return step;
}

std::vector<SlideAttention> by_slide(const BagInput& bags, size_t patient,
                                     const at::Tensor& attention, const std::string& where) {
  int64_t rows = 0;
  for (const auto& slide : bags.slides.at(patient)) rows += bags.source->rows(slide);
  if (attention.dim() != 2 || attention.size(1) != rows)
    throw Error(where, "the recipe's attention has another length than the bag");
  std::vector<SlideAttention> all;
  int64_t begin = 0;
  for (const auto& slide : bags.slides.at(patient)) {
    const int64_t n = bags.source->rows(slide);
    SlideAttention one{slide, attention.narrow(1, begin, n).to(at::kCPU, at::kFloat).contiguous(),
                       bags.source->coords(slide), bags.source->patch_size(slide), true};
    begin += n;
    if (one.coords.defined() && one.patch_size <= 0) {
      one.patch_size = coordinate_step(one.coords);
      one.patch_size_from_file = false;
    }
    all.push_back(std::move(one));
  }
  return all;
}

AttentionWriter::AttentionWriter(const std::filesystem::path& file)
    : file_(file),
      temporary_(temporary_for(file)),
      output_(std::make_unique<H5Output>(temporary_, file_)) {
  output_->attribute("/", "tractrix_attention", int64_t{1});
}

AttentionWriter::~AttentionWriter() {
  const bool open = output_ != nullptr;
  output_.reset();
  if (open) ::unlink(temporary_.c_str());
}

void AttentionWriter::add(int64_t fold, const std::string& input, const SlideAttention& slide) {
  const std::string group = "/fold_" + std::to_string(fold) + "/" + input + "/" + slide.slide;
  output_->dataset(group + "/attention", slide.weights);
  if (!slide.coords.defined()) return;
  const auto type = at::isFloatingType(slide.coords.scalar_type()) ? at::kFloat : at::kLong;
  const std::string coords = group + "/coords";
  output_->dataset(coords, slide.coords.to(type).contiguous());
  if (slide.patch_size <= 0) return;
  output_->attribute(coords, "patch_size_level0", slide.patch_size);
  output_->attribute(coords, "patch_size_from",
                     std::string(slide.patch_size_from_file ? "file" : "coordinates"));
}

void AttentionWriter::finish() {
  output_->close();
  put_in_place(temporary_, file_);
  output_.reset();
}

}  // namespace tractrix::data
