#include "tractrix/data/fold_view.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "gene_bags.hpp"

namespace tractrix::data {
namespace fold_view_detail {

// "stage=II" is the level II of the column stage.
bool is_level(const std::string& column, const InputOptions& options) {
  const auto& all = options.categorical;
  return std::find(all.begin(), all.end(), column.substr(0, column.find('='))) != all.end();
}

// A level that no training patient had would silently become "none of the levels".
void refuse_new_levels(const std::string& name, const VectorPreparation& wanted,
                       const VectorInput& offered, const std::string& where, Errors& errors) {
  const std::set<std::string> known(wanted.choice.columns.begin(), wanted.choice.columns.end());
  std::vector<std::string> fresh;
  for (const auto& column : offered.choice.columns)
    if (is_level(column, offered.options) && !known.contains(column)) fresh.push_back(column);
  if (fresh.empty()) return;
  errors.add(where,
             "input '" + name + "' has levels the model was not trained on: " + enumerate(fresh),
             "leave these patients out, or write the level the model knows");
}

// Standardised values of the preparation's columns, found in the cohort by name.
at::Tensor prepare(const std::string& name, const VectorPreparation& wanted,
                   const VectorInput& offered, const std::string& where, AbsentColumns absent,
                   Errors& errors) {
  std::unordered_map<std::string, int64_t> position;
  for (size_t i = 0; i < offered.choice.columns.size(); ++i)
    position[offered.choice.columns[i]] = static_cast<int64_t>(i);
  std::vector<std::string> missing;
  std::vector<int64_t> columns, unused, filled;  // unused: levels that no patient here has
  for (size_t i = 0; i < wanted.choice.columns.size(); ++i) {
    const auto& column = wanted.choice.columns[i];
    const auto found = position.find(column);
    columns.push_back(found == position.end() ? 0 : found->second);
    if (found != position.end()) continue;
    if (is_level(column, offered.options)) {
      unused.push_back(static_cast<int64_t>(i));
    } else {
      missing.push_back(column);
      filled.push_back(static_cast<int64_t>(i));
    }
  }
  refuse_new_levels(name, wanted, offered, where, errors);
  const bool mean_known = wanted.scaler.mean.any().item<bool>();
  if (!missing.empty() && (absent == AbsentColumns::error || !mean_known)) {
    errors.add(where,
               "input '" + name + "' lacks " + std::to_string(missing.size()) + " of " +
                   std::to_string(wanted.choice.columns.size()) +
                   " columns the model was trained on: " + enumerate(missing),
               absent == AbsentColumns::error
                   ? "add them, or let them be the training mean with --missing-columns train_mean"
                   : "add them; the model was trained without standardise and knows no mean");
    return {};
  }
  auto raw = offered.values.index_select(1, at::tensor(columns, at::kLong));
  for (int64_t column : unused) raw.select(1, column).zero_();
  auto values = wanted.scaler.apply(raw);
  // The training mean is 0 after standardisation.
  for (int64_t column : filled) values.select(1, column).zero_();
  return wanted.impute ? values.nan_to_num(0.0) : values;
}

// Bags of the width, and gene bags of the rows, that the model was trained on.
void check_bags(const Preparation& preparation, const Cohort& cohort, Errors& errors) {
  for (const auto& [name, width] : preparation.bags) {
    const auto* offered = cohort.bags().find(name);
    if (!offered) continue;
    const auto& source = *offered->source;
    const auto* genes = preparation.genes.find(name);
    const auto difference =
        genes ? names_differ(source.row_names(), *genes, "the model's training") : std::string();
    if (!difference.empty()) {
      errors.add(source.path().string(), "input '" + name + "': " + difference,
                 "the rows of a gene bag must be the genes the model was trained on");
    }
    if (source.columns() == width.columns) continue;
    errors.add(source.path().string(),
               "input '" + name + "': its bags have " + std::to_string(source.columns()) +
                   " columns, the model was trained on " + std::to_string(width.columns),
               "features of the same encoder are needed");
  }
}

}  // namespace fold_view_detail

FoldView::FoldView(std::shared_ptr<const Cohort> cohort, Preparation preparation,
                   std::shared_ptr<BagCache> cache, AbsentColumns absent)
    : cohort_(std::move(cohort)),
      preparation_(std::move(preparation)),
      schema_(preparation_.schema()),
      cache_(std::move(cache)),
      device_(at::kCPU),
      floating_(at::kFloat) {
  Errors errors;
  for (const auto& [name, prepared] : preparation_.vectors) {
    const auto* offered = cohort_->vectors().find(name);
    if (!offered) continue;  // the contract check says whether that is allowed
    auto values = fold_view_detail::prepare(name, prepared, *offered,
                                            cohort_->options().table.string(), absent, errors);
    if (values.defined()) vectors_[name] = values.to(floating_);
  }
  fold_view_detail::check_bags(preparation_, *cohort_, errors);
  errors.raise();
  std::vector<double> time, event;
  std::vector<int64_t> bin;
  for (const auto& patient : cohort_->patients()) {
    time.push_back(patient.time);
    event.push_back(patient.event);
    bin.push_back(patient.labelled ? preparation_.bin(patient.time) : 0);
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
    const bool there = (vector && vector->present[row]) || (bags && !bags->slides[row].empty());
    if (there && !withheld_.has(name, id)) names.push_back(name);
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
  const bool labelled = std::all_of(rows.begin(), rows.end(), [&](int64_t row) {
    return cohort_->patients()[static_cast<size_t>(row)].labelled;
  });
  if (!labelled) return batch;
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
    for (const auto& id : ids) {
      if (withheld_.has(name, id)) continue;
      for (const auto& slide : bags.slides[cohort_->index(id)])
        cache_->prefetch(*bags.source, slide);
    }
  }
}

int64_t FoldView::patches(const std::string& id) const {
  int64_t rows = 0;
  for (const auto& [name, bags] : cohort_->bags())
    for (const auto& slide : bags.slides[cohort_->index(id)]) rows += bags.source->rows(slide);
  return rows;
}

}  // namespace tractrix::data
