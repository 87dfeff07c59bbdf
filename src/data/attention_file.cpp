#include "tractrix/data/attention_file.hpp"

#include <ATen/ATen.h>
#include <unistd.h>

#include "feature_h5_output.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::data {

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

void AttentionWriter::add(int64_t fold, const std::string& input, const BagInput& bags,
                          size_t patient, const at::Tensor& attention) {
  const std::string group = "/fold_" + std::to_string(fold) + "/" + input + "/";
  int64_t begin = 0;
  for (const auto& slide : bags.slides.at(patient)) begin += bags.source->rows(slide);
  if (attention.dim() != 2 || attention.size(1) != begin) {
    throw Error(file_.string(),
                "the recipe's attention over '" + input + "' has another length than the bag");
  }
  begin = 0;
  for (const auto& slide : bags.slides.at(patient)) {
    const int64_t rows = bags.source->rows(slide);
    output_->dataset(group + slide + "/attention",
                     attention.narrow(1, begin, rows).to(at::kCPU, at::kFloat).contiguous());
    const auto coords = bags.source->coords(slide);
    if (coords.defined()) {
      const auto type = at::isFloatingType(coords.scalar_type()) ? at::kFloat : at::kLong;
      output_->dataset(group + slide + "/coords", coords.to(type).contiguous());
    }
    begin += rows;
  }
}

void AttentionWriter::finish() {
  output_->close();
  put_in_place(temporary_, file_);
  output_.reset();
}

}  // namespace tractrix::data
