#include "sheet.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/eval/metrics.hpp"
#include "tractrix/survival/discrete.hpp"

namespace tractrix::eval {
namespace sheet_detail {

// numpy's linear rule on ascending values.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - std::floor(place));
}

// Within which every fold has had an event and still has patients.
struct Span {
  double first_event = std::numeric_limits<double>::infinity();
  double last = -std::numeric_limits<double>::infinity();
};

bool in_all(const std::map<int64_t, Span>& folds, double t) {
  return std::all_of(folds.begin(), folds.end(), [&](const auto& item) {
    const Span& span = item.second;
    const bool any_event = std::isfinite(span.first_event);
    return !any_event || (span.first_event <= t && t < span.last);
  });
}

// Of the event times; those at which every fold can be judged, or all when there is none.
std::vector<double> deciles(const Source& source) {
  std::vector<double> events;
  std::map<int64_t, Span> folds;
  for (const auto& row : source.predictions.rows) {
    if (!row.time) continue;
    auto& span = folds[row.fold];
    span.last = std::max(span.last, *row.time);
    if (!row.event.value_or(false)) continue;
    span.first_event = std::min(span.first_event, *row.time);
    events.push_back(*row.time);
  }
  if (events.empty()) return {};
  std::sort(events.begin(), events.end());
  std::vector<double> times;
  for (int tenth = 1; tenth < 10; ++tenth) times.push_back(quantile(events, tenth / 10.0));
  times.erase(std::unique(times.begin(), times.end()), times.end());
  auto common = times;
  std::erase_if(common, [&](double t) { return !in_all(folds, t); });
  return common.empty() ? times : common;
}

void check(const Settings& settings) {
  Errors errors;
  const auto ascending = [](const std::vector<double>& v) {
    return std::all_of(v.begin(), v.end(), [](double t) { return std::isfinite(t); }) &&
           std::adjacent_find(v.begin(), v.end(), std::greater_equal<>()) == v.end();
  };
  if (!ascending(settings.times)) errors.add("times", "must be finite and ascend strictly");
  if (!ascending(settings.edges) || settings.edges.size() == 1)
    errors.add("edges", "must be two or more finite numbers that ascend strictly");
  if (settings.tau && !(*settings.tau > 0 && std::isfinite(*settings.tau)))
    errors.add("tau", "must be positive, it is " + shortest(*settings.tau));
  if (settings.calibration_time && !std::isfinite(*settings.calibration_time))
    errors.add("the calibration time", "must be finite");
  if (settings.calibration_groups < 1) errors.add("the calibration groups", "must be 1 or more");
  if (!(settings.level > 0 && settings.level < 1))
    errors.add("the level", "must lie between 0 and 1, it is " + shortest(settings.level));
  errors.raise();
}

void check_labels(const Source& source) {
  if (source.predictions.rows.empty()) throw Error(source.where, "holds no prediction");
  std::vector<std::string> unlabelled;
  for (const auto& row : source.predictions.rows)
    if (!row.time || !row.event) unlabelled.push_back("'" + row.id + "'");
  if (unlabelled.empty()) return;
  throw Error(source.where, std::to_string(unlabelled.size()) +
                                " patients have no time or event: " + enumerate(unlabelled) +
                                "; there is nothing to compare their risk with");
}

// Mean 0 and standard deviation 1 within the fold.
void scale(Sheet& sheet, int64_t fold, const std::vector<size_t>& rows) {
  const auto n = static_cast<double>(rows.size());
  double mean = 0, squares = 0;
  for (size_t i : rows) mean += sheet.risk[i] / n;
  for (size_t i : rows) squares += (sheet.risk[i] - mean) * (sheet.risk[i] - mean);
  const double deviation = std::sqrt(squares / n);
  const bool equal = std::all_of(rows.begin(), rows.end(),
                                 [&](size_t i) { return sheet.risk[i] == sheet.risk[rows[0]]; });
  if (equal) {
    sheet.no_scale[fold] = "undefined: all risks of fold " + std::to_string(fold) + " are equal";
  } else if (!(deviation > 0 && std::isfinite(deviation))) {
    sheet.no_scale[fold] = "undefined: the spread of the risks of fold " + std::to_string(fold) +
                           " is too small or too large for a number";
  } else {
    for (size_t i : rows) sheet.scaled[i] = (sheet.risk[i] - mean) / deviation;
  }
}

// Returns whether the threshold comes from the training patients.
bool split_by_risk(Sheet& sheet, const std::vector<size_t>& rows, const FoldContext* context) {
  std::vector<double> values;
  const bool trained = context != nullptr && !context->training_risk.empty();
  if (trained) {
    values = context->training_risk;
  } else {
    for (size_t i : rows) values.push_back(sheet.risk[i]);
  }
  const double threshold = median(std::move(values));
  for (size_t i : rows) sheet.group[i] = sheet.risk[i] > threshold ? 1 : 0;
  return trained;
}

void add_curves(Sheet& sheet, const Source& source, const std::vector<size_t>& rows,
                const std::vector<double>& edges, const Settings& settings) {
  const auto& predicted = source.predictions.rows;
  if (predicted[rows[0]].survival.empty())
    throw Error("survival curves", "the table has no columns S_t1, S_t2, ...");
  if (edges.empty())
    throw Error("survival curves", "the times of S_t1, S_t2, ... are not known",
                "name the bin edges with --edges");
  if (!settings.calibration_time) throw Error("survival curves", "no time to look at");
  const size_t width = settings.times.size() + 1;
  for (size_t i : rows) {
    try {
      const survival::DiscreteCurve curve(edges, predicted[i].survival);
      for (size_t k = 0; k < width; ++k) {
        sheet.survival[i * width + k] =
            curve.at(k < settings.times.size() ? settings.times[k] : *settings.calibration_time);
      }
    } catch (const Error& e) {
      throw Error("patient '" + predicted[i].id + "'", e.what());
    }
  }
}

void note_repeated(Sheet& sheet) {
  std::map<std::string, int64_t> count;
  for (const auto& id : sheet.id) ++count[id];
  std::vector<std::string> repeated;
  for (const auto& [id, n] : count)
    if (n > 1) repeated.push_back("'" + id + "'");
  if (repeated.empty()) return;
  sheet.repeated = "not pooled: " + std::to_string(repeated.size()) +
                   " patients are in several folds (" + enumerate(repeated, 3) +
                   "), so that the rows are not different patients";
}

}  // namespace sheet_detail

using namespace sheet_detail;

Settings complete(Settings settings, const Source& source) {
  check(settings);
  if (settings.times.empty()) settings.times = deciles(source);
  if (settings.times.empty()) return settings;
  if (!settings.tau) settings.tau = settings.times.back();
  if (!settings.calibration_time)
    settings.calibration_time = settings.times[settings.times.size() / 2];
  return settings;
}

static Sheet columns_of(const Source& source) {
  Sheet sheet;
  for (const auto& row : source.predictions.rows) {
    sheet.rows[row.fold].push_back(sheet.id.size());
    sheet.id.push_back(row.id);
    sheet.fold.push_back(row.fold);
    sheet.labels.time.push_back(*row.time);
    sheet.labels.event.push_back(*row.event ? 1 : 0);
    sheet.risk.push_back(row.risk);
  }
  return sheet;
}

Sheet make_sheet(const Source& source, const Settings& settings) {
  check_labels(source);
  Sheet sheet = columns_of(source);
  const size_t patients = sheet.id.size();
  sheet.scaled.assign(patients, 0);
  sheet.group.assign(patients, 0);
  if (!source.predictions.rows[0].survival.empty())
    sheet.survival.assign(patients * (settings.times.size() + 1), 0);
  size_t trained = 0;
  for (const auto& [fold, rows] : sheet.rows) {
    const auto known = source.folds.find(fold);
    const FoldContext* context = known == source.folds.end() ? nullptr : &known->second;
    scale(sheet, fold, rows);
    trained += split_by_risk(sheet, rows, context);
    const auto& edges =
        context != nullptr && !context->edges.empty() ? context->edges : settings.edges;
    try {
      add_curves(sheet, source, rows, edges, settings);
    } catch (const Error& e) {
      sheet.no_survival[fold] = e.what();
    }
  }
  sheet.notes.push_back(
      trained == sheet.rows.size()
          ? "risk groups: above or up to the median risk of the fold's training patients"
      : trained == 0
          ? "risk groups: above or up to the median risk of the fold's evaluated patients"
          : "risk groups: above or up to the median risk of the fold's training patients "
            "where these are known, of its evaluated patients elsewhere");
  note_repeated(sheet);
  return sheet;
}

}  // namespace tractrix::eval
