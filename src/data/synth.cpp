#include "tractrix/data/synth.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "tractrix/data/columns.hpp"
#include "tractrix/data/feature_writer.hpp"
#include "tractrix/data/packed_store.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::data {
namespace synth_detail {

constexpr const char* kEncoder = "synthetic";
constexpr int64_t kPatch = 256;

// -log(time + 1) of every patient, standardised over the cohort.
std::vector<double> standard_scores(const Cohort& cohort) {
  std::vector<double> scores;
  double sum = 0, squares = 0;
  for (const auto& patient : cohort.patients()) {
    scores.push_back(-std::log1p(patient.time));
    sum += scores.back();
    squares += scores.back() * scores.back();
  }
  const auto n = static_cast<double>(cohort.size());
  const double mean = sum / n, deviation = std::sqrt(std::max(squares / n - mean * mean, 1e-12));
  for (double& score : scores) score = (score - mean) / deviation;
  return scores;
}

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
      .to(at::kHalf)
      .to(at::kFloat);  // [N, D]
}

at::Tensor grid(int64_t rows) {
  const auto side = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(rows))));
  const auto i = at::arange(rows, at::kLong);
  return at::stack({i.remainder(side), i.div(side, "floor")}, 1) * kPatch;  // [N, 2]
}

void make_folder(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  if (!std::filesystem::is_empty(folder))
    throw Error(folder.string(), "is not empty", "name a folder that does not exist yet");
}

using Write = std::function<void(const FeatureContent&)>;

Write folder_writer(const std::filesystem::path& folder, FeatureLayout layout) {
  make_folder(folder);
  const std::string extension = layout == FeatureLayout::pt ? ".pt" : ".h5";
  return [=](const FeatureContent& content) {
    write_features(folder / (content.name + extension), layout, content);
  };
}

FeatureLayout file_layout(SynthLayout layout) {
  switch (layout) {
    case SynthLayout::trident:
      return FeatureLayout::trident;
    case SynthLayout::clam:
      return FeatureLayout::clam;
    case SynthLayout::stamp:
      return FeatureLayout::stamp;
    default:
      return FeatureLayout::pt;
  }
}

void write_all(const Cohort& cohort, const SynthOptions& options, const Seed& seed,
               const Write& write) {
  auto direction = normal(seed.at("direction"), {options.columns});
  direction = direction / direction.norm();
  const auto scores = standard_scores(cohort);
  bool any = false;
  for (size_t p = 0; p < cohort.size(); ++p) {
    for (const auto& slide : cohort.patients()[p].slides) {
      const auto values = bag(options, seed.at("slide", slide), scores[p], direction);
      write({values, grid(values.size(0)), slide, kEncoder, true, kPatch});
      any = true;
    }
  }
  if (!any)
    throw Error(cohort.options().table.string(), "names no slide to make a bag of",
                "set data.slide or data.slide_table");
}

}  // namespace synth_detail

void write_synthetic_bags(const Cohort& cohort, const std::filesystem::path& out,
                          const SynthOptions& options, const Seed& seed) {
  using namespace synth_detail;
  if (options.layout != SynthLayout::packed)
    return write_all(cohort, options, seed, folder_writer(out, file_layout(options.layout)));
  PackedWriter writer(out, Precision::lossless);
  write_all(cohort, options, seed, [&](const FeatureContent& content) {
    writer.add(content.name, content.features, content.coords, {kEncoder, "made up", true});
  });
  writer.finish();
}

void write_synthetic_genes(const Cohort& cohort, const std::filesystem::path& out,
                           const std::filesystem::path& signatures, const SynthOptions& options,
                           const Seed& seed) {
  using namespace synth_detail;
  const auto pathways = read_signatures(signatures);
  std::set<std::string> all;
  for (const auto& [pathway, symbols] : pathways) all.insert(symbols.begin(), symbols.end());
  const std::vector<std::string> genes(all.begin(), all.end());
  const auto& first = pathways.begin()->second;
  std::vector<double> planted;
  for (const auto& gene : genes)
    planted.push_back(std::find(first.begin(), first.end(), gene) != first.end());
  auto direction = normal(seed.at("gene direction"), {options.columns});
  const auto moved = at::tensor(planted, at::kDouble).unsqueeze(1) *
                     (direction / direction.norm() * options.shift);  // [G, D]
  const auto scores = standard_scores(cohort);
  make_folder(out);
  for (size_t p = 0; p < cohort.size(); ++p) {
    const std::string& id = cohort.patients()[p].id;
    const auto values = normal(seed.at("genes", id), moved.sizes());
    write_gene_bag(out / (id + ".h5"),
                   {values + moved * std::clamp(scores[p], -2.0, 2.0), {}, id, kEncoder, true},
                   genes);
  }
}

}  // namespace tractrix::data
