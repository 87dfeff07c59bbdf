#include "tractrix/eval/part.hpp"

#include <cmath>
#include <set>

#include "sheet.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/survival/brier.hpp"
#include "tractrix/survival/concordance_error.hpp"
#include "tractrix/survival/concordance_interval.hpp"
#include "tractrix/survival/cox_regression.hpp"
#include "tractrix/survival/curve_summary.hpp"
#include "tractrix/survival/logrank.hpp"
#include "tractrix/survival/time_auc.hpp"
#include "tractrix/survival/uno.hpp"

namespace tractrix::eval {
namespace part_detail {

double finite(double value) {
  if (!std::isfinite(value)) throw Error("the value", "is not finite");
  return value;
}

// The rows of a part, column by column.
class Picked {
 public:
  Picked(const Sheet& sheet, const std::vector<size_t>& rows, int64_t fold,
         const LabelColumns& training, const Settings& settings)
      : sheet_(sheet), settings_(settings), training_{training.time, training.event} {
    part_.fold = fold;
    part_.patients = static_cast<int64_t>(rows.size());
    const size_t width = settings.times.size() + 1;
    for (size_t i : rows) {
      time_.push_back(sheet.labels.time[i]);
      event_.push_back(sheet.labels.event[i]);
      risk_.push_back(sheet.risk[i]);
      scaled_.push_back(sheet.scaled[i]);
      group_.push_back(sheet.group[i]);
      fold_.push_back(sheet.fold[i]);
      part_.events += sheet.labels.event[i];
      if (sheet.survival.empty()) continue;
      for (size_t k = 0; k < width; ++k)
        (k + 1 < width ? survival_ : calibrated_).push_back(sheet.survival[i * width + k]);
    }
  }

  Part run() {
    harrell();
    part_.uno = measured([&] {
      few_enough();
      return survival::uno_concordance(training_, test(), risk_, tau());
    });
    over_time();
    part_.hazard_ratio = measured([&] { return hazard_ratio(); });
    risk_groups();
    part_.calibration = measured([&] { return calibration(); });
    return std::move(part_);
  }

 private:
  survival::Patients test() const { return {time_, event_}; }

  double tau() const {
    if (!settings_.tau) throw Error("time limit", "undefined: there is no event to choose it by");
    return *settings_.tau;
  }

  void few_enough() const {
    if (part_.patients <= kMostPairwise) return;
    throw Error("pairs", "not computed for more than " + std::to_string(kMostPairwise) +
                             " patients: the steps grow with their square");
  }

  void harrell() {
    part_.concordance = measured([&] { return survival::concordance(time_, event_, risk_); });
    if (!part_.concordance) {
      part_.c_index = unknown<Estimate>(part_.concordance.reason);
      return;
    }
    part_.c_index = {Estimate{part_.concordance->index, {}, {}, {}}, {}};
    const auto precision = measured([&] {
      few_enough();
      const auto error = survival::concordance_error(time_, event_, risk_);
      const auto interval =
          survival::concordance_interval(error, survival::ConcordanceScale::logit, settings_.level);
      return Estimate{error.index, error.standard_error, interval, {}};
    });
    if (precision) {
      part_.c_index = precision;
    } else {
      part_.no_precision = precision.reason;
    }
  }

  void over_time() {
    const auto& times = settings_.times;
    const auto reason = no_survival();
    for (size_t k = 0; k < times.size(); ++k) {
      const std::vector<double> one{times[k]};
      part_.auc.push_back(measured(
          [&] { return finite(survival::time_auc(training_, test(), risk_, one).auc.at(0)); }));
      part_.brier.push_back(measured([&] {
        if (!reason.empty()) throw Error("Brier score", reason);
        return survival::brier_score(training_, test(), column(k), one).at(0);
      }));
    }
    part_.mean_auc =
        measured([&] { return finite(survival::time_auc(training_, test(), risk_, times).mean); });
    part_.integrated_brier = measured([&] {
      if (!reason.empty()) throw Error("integrated Brier score", reason);
      const auto scores = survival::brier_score(training_, test(), survival_, times);
      return survival::integrated_brier_score(scores, times);
    });
  }

  std::vector<double> column(size_t k) const {
    std::vector<double> values;
    for (size_t i = k; i < survival_.size(); i += settings_.times.size())
      values.push_back(survival_[i]);
    return values;
  }

  // Why the curves of some row are not known; empty: all are.
  std::string no_survival() const { return first_reason(sheet_.no_survival); }

  std::string first_reason(const std::map<int64_t, std::string>& reasons) const {
    for (int64_t fold : fold_)
      if (const auto found = reasons.find(fold); found != reasons.end()) return found->second;
    return {};
  }

  Estimate hazard_ratio() const {
    if (const auto reason = first_reason(sheet_.no_scale); !reason.empty())
      throw Error("hazard ratio", reason);
    const std::vector<std::string> names{"risk"};
    const auto fit = survival::cox_regression({time_, event_, scaled_, names, fold_},
                                              {.level = settings_.level});
    const auto& interval = fit.interval.at(0);
    finite(interval.lower), finite(interval.upper);
    return {finite(fit.hazard_ratio.at(0)), {}, interval, fit.p.at(0)};
  }

  void risk_groups() {
    std::array<LabelColumns, 2> of;
    for (size_t i = 0; i < group_.size(); ++i) {
      auto& labels = of[static_cast<size_t>(group_[i])];
      labels.time.push_back(time_[i]);
      labels.event.push_back(event_[i]);
    }
    for (size_t g = 0; g < 2; ++g) {
      auto& group = part_.groups[g];
      group.patients = static_cast<int64_t>(of[g].time.size());
      for (uint8_t event : of[g].event) group.events += event;
      group.restricted_mean = measured([&] { return restricted(of[g]); });
    }
    part_.log_rank = measured([&] {
      const auto test = survival::log_rank(time_, event_, group_);
      return Estimate{finite(test.chi_square), {}, {}, test.p};
    });
    part_.restricted_mean_difference = measured([&] { return difference(); });
  }

  Estimate restricted(const LabelColumns& labels) const {
    const auto curve = survival::kaplan_meier(labels.time, labels.event);
    const double mean = survival::restricted_mean(curve, tau());
    const double error = survival::restricted_mean_error(curve, tau());
    return {finite(mean), error, {}, {}};
  }

  Estimate difference() const {
    for (const auto& group : part_.groups)
      if (!group.restricted_mean) throw Error("difference", group.restricted_mean.reason);
    const auto &low = *part_.groups[0].restricted_mean, &high = *part_.groups[1].restricted_mean;
    const double value = low.value - high.value;
    const double error = std::hypot(*low.standard_error, *high.standard_error);
    if (!(error > 0)) throw Error("difference", "undefined: no event in either group by the limit");
    return {value, error, survival::normal_interval(value, error, settings_.level),
            std::erfc(std::abs(value / error) / std::sqrt(2.0))};
  }

  std::vector<survival::CalibrationGroup> calibration() const {
    if (const auto reason = no_survival(); !reason.empty()) throw Error("calibration", reason);
    std::vector<double> predicted;
    for (double s : calibrated_) predicted.push_back(1 - s);
    return survival::calibration(test(), predicted, *settings_.calibration_time,
                                 settings_.calibration_groups, survival::Band::log_log,
                                 settings_.level);
  }

  const Sheet& sheet_;
  const Settings& settings_;
  survival::Patients training_;
  std::vector<double> time_, risk_, scaled_, survival_, calibrated_;
  std::vector<uint8_t> event_;
  std::vector<int64_t> group_, fold_;
  Part part_;
};

Measured<Estimate> plain(const Measured<double>& number) {
  if (!number) return unknown<Estimate>(number.reason);
  return {Estimate{*number, {}, {}, {}}, {}};
}

}  // namespace part_detail

Part measure(const Sheet& sheet, const std::vector<size_t>& rows, int64_t fold,
             const LabelColumns& training, const Settings& settings) {
  return part_detail::Picked(sheet, rows, fold, training, settings).run();
}

std::vector<Scalar> scalars(const Part& part, const std::vector<double>& times) {
  using part_detail::plain;
  std::vector<Scalar> all{{"c_index", part.c_index},
                          {"uno_c_index", plain(part.uno)},
                          {"mean_auc", plain(part.mean_auc)}};
  for (size_t k = 0; k < part.auc.size(); ++k)
    all.push_back({"auc@" + shortest(times.at(k)), plain(part.auc[k])});
  all.push_back({"integrated_brier", plain(part.integrated_brier)});
  for (size_t k = 0; k < part.brier.size(); ++k)
    all.push_back({"brier@" + shortest(times.at(k)), plain(part.brier[k])});
  all.push_back({"hazard_ratio", part.hazard_ratio});
  all.push_back({"log_rank", part.log_rank});
  all.push_back({"restricted_mean_low", part.groups[0].restricted_mean});
  all.push_back({"restricted_mean_high", part.groups[1].restricted_mean});
  all.push_back({"restricted_mean_difference", part.restricted_mean_difference});
  return all;
}

}  // namespace tractrix::eval
