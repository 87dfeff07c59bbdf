#include "tractrix/data/synth.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "tractrix/data/packed_store.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::data {
namespace synth_detail {

at::Tensor bag(const SynthOptions& options, const Seed& slide, double z,
               const at::Tensor& direction) {
  const double ratio = static_cast<double>(options.most) / static_cast<double>(options.least);
  const auto rows = static_cast<int64_t>(static_cast<double>(options.least) *
                                         std::pow(ratio, slide.at("rows").uniform(0)));
  auto values = normal(slide.at("patches"), {rows, options.columns});
  const double share = 0.05 + 0.4 / (1 + std::exp(-2 * z));
  const Seed planted = slide.at("planted");
  std::vector<double> weights;
  for (int64_t i = 0; i < rows; ++i)
    weights.push_back(planted.uniform(static_cast<uint64_t>(i)) < share ? options.shift : 0);
  return (values + at::tensor(weights, at::kDouble).unsqueeze(1) * direction)
      .to(at::kFloat);  // [N, D]
}

}  // namespace synth_detail

void write_synthetic_bags(const Cohort& cohort, const std::filesystem::path& file,
                          const SynthOptions& options, const Seed& seed) {
  double sum = 0, squares = 0;
  const auto score = [](const Patient& patient) { return -std::log1p(patient.time); };
  for (const auto& patient : cohort.patients()) {
    sum += score(patient);
    squares += score(patient) * score(patient);
  }
  const auto n = static_cast<double>(cohort.size());
  const double mean = sum / n, deviation = std::sqrt(std::max(squares / n - mean * mean, 1e-12));
  auto direction = normal(seed.at("direction"), {options.columns});
  direction = direction / direction.norm();
  PackedWriter writer(file, Precision::float32);
  for (const auto& patient : cohort.patients()) {
    const double z = (score(patient) - mean) / deviation;
    for (const auto& slide : patient.slides) {
      writer.add(slide, synth_detail::bag(options, seed.at("slide", slide), z, direction), {},
                 {"synthetic", "made up", true});
    }
  }
  writer.finish();
}

}  // namespace tractrix::data
