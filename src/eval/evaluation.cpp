#include "tractrix/eval/evaluation.hpp"

#include <algorithm>
#include <functional>

#include "sheet.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::eval {
namespace evaluation_detail {

using Keep = std::function<bool(const std::string& id)>;

// A part of which nothing is computed, and why.
Part withheld(const Sheet& sheet, const std::vector<size_t>& rows, const std::string& reason,
              size_t times) {
  Part part;
  part.patients = static_cast<int64_t>(rows.size());
  for (size_t i : rows) part.events += sheet.labels.event[i];
  part.concordance.reason = part.c_index.reason = part.uno.reason = part.mean_auc.reason =
      part.integrated_brier.reason = part.hazard_ratio.reason = part.log_rank.reason =
          part.restricted_mean_difference.reason = part.calibration.reason = reason;
  for (auto& group : part.groups) group.restricted_mean.reason = reason;
  part.auc.assign(times, unknown<double>(reason));
  part.brier.assign(times, unknown<double>(reason));
  return part;
}

LabelColumns labels_of(const Sheet& sheet, const std::vector<size_t>& rows) {
  LabelColumns labels;
  for (size_t i : rows) {
    labels.time.push_back(sheet.labels.time[i]);
    labels.event.push_back(sheet.labels.event[i]);
  }
  return labels;
}

std::vector<MeanScalar> means_of(const std::vector<Part>& folds, const Settings& settings) {
  std::vector<MeanScalar> means;
  std::vector<std::vector<Scalar>> all;
  for (const auto& part : folds) all.push_back(scalars(part, settings.times));
  for (size_t k = 0; k < all.at(0).size(); ++k) {
    std::vector<double> values;
    std::vector<std::string> without;
    for (size_t f = 0; f < all.size(); ++f) {
      const auto& estimate = all[f][k].estimate;
      if (estimate) values.push_back(estimate->value);
      if (!estimate) without.push_back(std::to_string(folds[f].fold));
    }
    MeanScalar mean{all[0][k].name, {}};
    if (without.empty()) {
      mean.spread.value = spread(values);
    } else {
      mean.spread.reason = "no value in fold " + enumerate(without);
    }
    means.push_back(std::move(mean));
  }
  return means;
}

std::vector<std::string> notes_of(const Source& source, const Sheet& sheet, size_t trained) {
  std::vector<std::string> notes;
  std::vector<std::string> unfinished;
  for (int64_t fold : source.unfinished) unfinished.push_back(std::to_string(fold));
  if (!unfinished.empty()) notes.push_back("without predictions: fold " + enumerate(unfinished));
  const std::string weights = "censoring weights (Uno, AUC, Brier) in the folds: from ";
  const std::string training = "the fold's training patients", own = "its evaluated patients";
  notes.push_back(weights + (trained == 0 ? own
                             : trained == sheet.rows.size()
                                 ? training
                                 : training + ", or " + own + " where they are not known"));
  notes.push_back(
      "pooled: censoring weights from all evaluated patients; the hazard ratio of risks "
      "scaled in their fold, stratified by fold; risks of different models are compared "
      "in the other statistics");
  notes.insert(notes.end(), sheet.notes.begin(), sheet.notes.end());
  return notes;
}

std::vector<size_t> kept(const Sheet& sheet, const std::vector<size_t>& rows, const Keep& keep) {
  std::vector<size_t> some;
  for (size_t i : rows)
    if (keep(sheet.id[i])) some.push_back(i);
  return some;
}

// settings: complete.
Evaluation evaluate_rows(const Source& source, const Sheet& sheet, const Settings& settings,
                         const Keep& keep) {
  Evaluation result;
  result.settings = settings;
  std::vector<size_t> everyone(sheet.id.size());
  for (size_t i = 0; i < everyone.size(); ++i) everyone[i] = i;
  size_t trained = 0;
  for (const auto& [fold, all] : sheet.rows) {
    const auto rows = kept(sheet, all, keep);
    const auto known = source.folds.find(fold);
    const bool training = known != source.folds.end() && !known->second.training.time.empty();
    trained += training;
    const auto labels = training ? known->second.training : labels_of(sheet, all);
    result.folds.push_back(measure(sheet, rows, fold, labels, settings));
  }
  const auto rows = kept(sheet, everyone, keep);
  result.pooled = sheet.repeated.empty()
                      ? measure(sheet, rows, -1, labels_of(sheet, everyone), settings)
                      : withheld(sheet, rows, sheet.repeated, settings.times.size());
  result.means = means_of(result.folds, settings);
  result.notes = notes_of(source, sheet, trained);
  return result;
}

}  // namespace evaluation_detail

Evaluation evaluate(const Source& source, const Settings& settings) {
  const auto whole = complete(settings, source);
  const auto sheet = make_sheet(source, whole);
  return evaluation_detail::evaluate_rows(source, sheet, whole,
                                          [](const std::string&) { return true; });
}

std::vector<Subgroup> evaluate_subgroups(const Source& source, const Settings& settings,
                                         const Grouping& grouping) {
  std::vector<std::string> strangers, values;
  for (const auto& row : source.predictions.rows) {
    const auto found = grouping.value.find(row.id);
    if (found == grouping.value.end()) {
      strangers.push_back("'" + row.id + "'");
    } else {
      values.push_back(found->second);
    }
  }
  if (!strangers.empty())
    throw Error(source.where,
                std::to_string(strangers.size()) +
                    " patients are not in the clinical table: " + enumerate(strangers));
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const auto whole = complete(settings, source);
  const auto sheet = make_sheet(source, whole);
  std::vector<Subgroup> subgroups;
  for (const auto& value : values) {
    const auto keep = [&](const std::string& id) { return grouping.value.at(id) == value; };
    subgroups.push_back(
        {grouping.column, value, evaluation_detail::evaluate_rows(source, sheet, whole, keep)});
  }
  return subgroups;
}

}  // namespace tractrix::eval
