#include "tractrix/train/validation.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace tractrix::train {
namespace validation_detail {

// Rows begin .. begin + count - 1 of everything.
data::Batch part(const data::Batch& all, int64_t begin, int64_t count) {
  data::Batch out;
  out.ids.assign(all.ids.begin() + begin, all.ids.begin() + begin + count);
  for (const auto& [name, value] : all.targets) out.targets[name] = value.narrow(0, begin, count);
  return out;
}

Tensors part(const Tensors& all, int64_t begin, int64_t count) {
  Tensors out;
  for (const auto& [name, value] : all) out[name] = value.narrow(0, begin, count);
  return out;
}

}  // namespace validation_detail

using namespace validation_detail;

ValidationLoss::ValidationLoss(recipe::Stage stage, int64_t window, int64_t min_window, Seed draws)
    : stage_(std::move(stage)), window_(window), min_window_(min_window), draws_(draws) {}

void ValidationLoss::add(const data::Batch& batch) {
  const at::NoGradGuard no_grad;
  draw_from(draws_.at("batch", batches_++));
  auto& objective = *stage_.objective;
  data::Batch seen = batch;
  // A cached stage learns from the outputs of another objective, without targets.
  if (stage_.cached) seen = {batch.ids, batch.seeds, stage_.cached->forward(batch), {}, {}};
  const auto out = objective.forward(seen);
  note(objective.loss(out, seen), seen.size());
  const auto coupled = objective.coupled();
  if (coupled.empty()) return;
  Tensors rows;
  for (const auto& name : coupled) rows[name] = out.at(name);
  rows_.push_back(std::move(rows));
  seen_.push_back(data::without_inputs(seen));
}

void ValidationLoss::note(const recipe::Terms& terms, int64_t examples) {
  for (const auto& term : terms) {
    auto& sum = sums_[term.name];
    const auto weight = static_cast<double>(examples);
    sum.value += term.value.to(at::kDouble).item<double>() * weight;
    sum.examples += weight;
  }
}

Named<double> ValidationLoss::means() {
  if (!rows_.empty()) {
    const at::NoGradGuard no_grad;
    const auto rows = data::join_rows(rows_);
    const auto seen = data::join_targets(seen_);
    for (int64_t begin = 0; begin < seen.size(); begin += window_) {
      const int64_t count = std::min(window_, seen.size() - begin);
      if (count < min_window_) continue;
      note(stage_.objective->window_loss(part(rows, begin, count), part(seen, begin, count)),
           count);
    }
    rows_.clear();
    seen_.clear();
  }
  Named<double> means;
  for (const auto& [name, sum] : sums_) means[name] = sum.value / sum.examples;
  return means;
}

}  // namespace tractrix::train
