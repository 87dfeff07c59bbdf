#include "tractrix/data/fold_view.hpp"

#include <ATen/ATen.h>

#include <unordered_map>

namespace tractrix::data {
namespace fold_view_detail {

// Positions of the preparation's columns in the cohort's.
at::Tensor align(const std::string& name, const VectorPreparation& wanted,
                 const VectorInput& offered, const std::string& where) {
  std::unordered_map<std::string, int64_t> position;
  for (size_t i = 0; i < offered.choice.columns.size(); ++i)
    position[offered.choice.columns[i]] = static_cast<int64_t>(i);
  std::vector<int64_t> columns;
  std::vector<std::string> missing;
  for (const auto& column : wanted.choice.columns) {
    const auto found = position.find(column);
    if (found == position.end()) {
      missing.push_back(column);
    } else {
      columns.push_back(found->second);
    }
  }
  if (!missing.empty()) {
    throw Error(where, "input '" + name + "' lacks " + std::to_string(missing.size()) + " of " +
                           std::to_string(wanted.choice.columns.size()) +
                           " columns the model was trained on: " + enumerate(missing));
  }
  return at::tensor(columns, at::kLong);
}

}  // namespace fold_view_detail

FoldView::FoldView(std::shared_ptr<const Cohort> cohort, Preparation preparation,
                   std::shared_ptr<BagCache> cache)
    : cohort_(std::move(cohort)),
      preparation_(std::move(preparation)),
      schema_(preparation_.schema()),
      cache_(std::move(cache)),
      device_(at::kCPU),
      floating_(at::kFloat) {
  for (const auto& [name, prepared] : preparation_.vectors) {
    const auto* offered = cohort_->vectors().find(name);
    if (!offered) continue;  // the contract check says whether that is allowed
    const auto columns =
        fold_view_detail::align(name, prepared, *offered, cohort_->options().table.string());
    auto values = prepared.scaler.apply(offered->values.index_select(1, columns));
    // The training mean is 0 after standardisation.
    if (prepared.impute) values = values.nan_to_num(0.0);
    vectors_[name] = values.to(floating_);
  }
  std::vector<double> time, event;
  std::vector<int64_t> bin;
  for (const auto& patient : cohort_->patients()) {
    time.push_back(patient.time);
    event.push_back(patient.event);
    bin.push_back(preparation_.bin(patient.time));
  }
  time_ = at::tensor(time, at::kDouble);
  event_ = at::tensor(event, floating_);
  bin_ = at::tensor(bin, at::kLong);
}

void FoldView::to(at::Device device, at::ScalarType floating) {
  device_ = device;
  floating_ = floating;
  for (auto& [name, values] : vectors_) values = values.to(device, floating);
  time_ = time_.to(device);
  event_ = event_.to(device, floating);
  bin_ = bin_.to(device);
}

std::vector<std::string> FoldView::present(const std::string& id) const {
  const size_t row = cohort_->index(id);
  std::vector<std::string> names;
  for (const auto& [name, width] : schema_.inputs) {
    const auto* vector = cohort_->vectors().find(name);
    const auto* bags = cohort_->bags().find(name);
    if ((vector && vector->present[row]) || (bags && !bags->slides[row].empty()))
      names.push_back(name);
  }
  return names;
}

Batch FoldView::read(const std::vector<std::string>& ids, const Seed& seed) const {
  Batch batch;
  batch.ids = ids;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < ids.size(); ++i) {
    rows.push_back(static_cast<int64_t>(cohort_->index(ids[i])));
    batch.seeds.push_back(seed.at("row", i));
  }
  const auto index = at::tensor(rows, at::kLong).to(device_);
  for (const auto& name : present(ids.front())) {
    if (const auto* bags = cohort_->bags().find(name)) {
      add_bag(batch, name, *bags, rows);
    } else {
      batch.inputs[name] = vectors_.at(name).index_select(0, index);
    }
  }
  batch.targets = {{"time", time_.index_select(0, index)},
                   {"event", event_.index_select(0, index)},
                   {"bin", bin_.index_select(0, index)}};
  return batch;
}

void FoldView::add_bag(Batch& batch, const std::string& name, const BagInput& bags,
                       const std::vector<int64_t>& rows) const {
  std::vector<at::Tensor> parts;
  auto& lengths = batch.lengths[name];
  for (int64_t row : rows) {
    int64_t length = 0;
    for (const auto& slide : bags.slides[row]) {
      parts.push_back(cache_->get(*bags.source, slide).to(device_, floating_));
      length += parts.back().size(0);
    }
    lengths.push_back(length);
  }
  batch.inputs[name] = parts.size() == 1 ? parts.front() : at::cat(parts);
}

void FoldView::prefetch(const std::vector<std::string>& ids) const {
  for (const auto& [name, bags] : cohort_->bags()) {
    for (const auto& id : ids)
      for (const auto& slide : bags.slides[cohort_->index(id)])
        cache_->prefetch(*bags.source, slide);
  }
}

int64_t FoldView::patches(const std::string& id) const {
  int64_t rows = 0;
  for (const auto& [name, bags] : cohort_->bags())
    for (const auto& slide : bags.slides[cohort_->index(id)]) rows += bags.source->rows(slide);
  return rows;
}

}  // namespace tractrix::data
