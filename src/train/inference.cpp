#include "tractrix/train/inference.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "tractrix/train/memory.hpp"

namespace tractrix::train {
namespace inference_detail {

constexpr size_t kMostRows = 1024;

// Runs of neighbours with the same inputs, so that rows stay in order.
std::vector<std::vector<std::string>> in_batches(const data::Reader& reader,
                                                 const std::vector<std::string>& ids, size_t most) {
  std::vector<std::vector<std::string>> batches;
  std::vector<std::string> before;
  for (const auto& id : ids) {
    auto present = reader.present(id);
    if (batches.empty() || batches.back().size() == most || present != before)
      batches.emplace_back();
    batches.back().push_back(id);
    before = std::move(present);
  }
  return batches;
}

void add(std::vector<Predicted>& all, const Tensors& out, const std::vector<std::string>& ids) {
  const auto risk = out.at("risk").to(at::kCPU, at::kDouble).contiguous();
  const auto* survival = out.find("survival");
  const auto curves = survival ? survival->to(at::kCPU, at::kDouble).contiguous() : at::Tensor();
  for (size_t i = 0; i < ids.size(); ++i) {
    Predicted row{ids[i], risk.const_data_ptr<double>()[i], {}};
    if (!std::isfinite(row.risk))
      throw Error(ids[i], "its predicted risk is not finite",
                  "look at its inputs with `tractrix data check`");
    if (curves.defined()) {
      const auto bins = curves.size(1);
      const double* values = curves.const_data_ptr<double>() + static_cast<int64_t>(i) * bins;
      row.survival.assign(values, values + bins);
    }
    all.push_back(std::move(row));
  }
}

// attention.pathology -> pathology, [heads, N] float32 on the CPU.
void add_attention(Predicted& row, const Tensors& out) {
  constexpr std::string_view kPrefix = "attention.";
  for (const auto& [name, value] : out) {
    if (!name.starts_with(kPrefix)) continue;
    auto kept = value.detach().to(at::kCPU, at::kFloat);
    row.attention[name.substr(kPrefix.size())] = kept.reshape({-1, kept.size(-1)}).contiguous();
  }
}

// A patient's own draws follow from who it is, not from its place among others.
data::Batch read(const data::Reader& reader, const std::vector<std::string>& ids) {
  data::Batch batch = reader.read(ids, Seed(0));
  for (size_t i = 0; i < ids.size(); ++i)
    batch.seeds[i] = Seed(0).at("predict", ids[i]).at("row", 0);
  return batch;
}

}  // namespace inference_detail

std::vector<Predicted> predict(recipe::Recipe& recipe, const data::Reader& reader,
                               const std::vector<std::string>& ids, const Inference& how,
                               const std::function<void(const data::Batch&)>& also) {
  using namespace inference_detail;
  const at::NoGradGuard no_grad;
  const Autocast autocast(how.precision, how.device.type());
  recipe.module().eval();
  const auto most = how.attention ? 1 : std::min(kMostRows, static_cast<size_t>(how.max_batch));
  const auto batches = in_batches(reader, ids, most);
  std::vector<Predicted> all;
  MemoryWatch memory(how.precision, false);
  for (size_t i = 0; i < batches.size(); ++i) {
    const auto& rows = batches[i];
    memory.guard(
        rows, [&] { return read(reader, rows); },
        [&](const data::Batch& batch) {
          if (i + 1 < batches.size()) reader.prefetch(batches[i + 1]);
          const auto out = recipe.predict(batch);
          add(all, out, rows);
          if (how.attention) add_attention(all.back(), out);
          if (also) also(batch);
        },
        [] {}, [] { return std::string("predicting"); });
  }
  return all;
}

}  // namespace tractrix::train
