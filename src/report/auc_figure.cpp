#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/eval/metrics.hpp"
#include "tractrix/report/escape.hpp"
#include "tractrix/report/run_figures.hpp"
#include "tractrix/survival/time_auc.hpp"
#include "tractrix/survival/time_roc.hpp"

namespace tractrix::report {
namespace {

struct Columns {
  std::vector<double> time, risk;
  std::vector<uint8_t> event;
  survival::Patients patients() const { return {time, event}; }
};

void add(Columns& to, const eval::PredictionRow& row) {
  to.time.push_back(row.time.value());
  to.event.push_back(row.event.value() ? 1 : 0);
  to.risk.push_back(row.risk);
}

// Nine distinct event times at most: the k-th tenth of the sorted ones.
std::vector<double> deciles(const Columns& all) {
  std::vector<double> times;
  for (size_t i = 0; i < all.time.size(); ++i)
    if (all.event[i]) times.push_back(all.time[i]);
  std::sort(times.begin(), times.end());
  std::set<double> chosen;
  for (size_t k = 1; k < 10 && !times.empty(); ++k) chosen.insert(times[times.size() * k / 10]);
  return {chosen.begin(), chosen.end()};
}

// "" where it is undefined: no case or no control by then, a time outside the fold's.
std::string auc_at(const Columns& all, const Columns& fold, double time) {
  try {
    const std::vector<double> times{time};
    return shortest(
        survival::time_auc(all.patients(), fold.patients(), fold.risk, times).auc.front());
  } catch (const Error&) {
    return {};
  }
}

// AUC per fold and decile; means where it is defined in every fold.
std::pair<Table, Table> auc_tables(const Columns& all, const std::map<int64_t, Columns>& folds) {
  Table table{{"fold", "time", "auc"}, {}}, means{{"time", "mean_auc", "folds"}, {}};
  const auto times = deciles(all);
  std::map<double, std::vector<double>> values;
  for (const auto& [number, fold] : folds) {
    for (const double time : times) {
      const auto auc = auc_at(all, fold, time);
      table.rows.push_back({std::to_string(number), shortest(time), auc});
      if (const auto value = parse_number(auc)) values[time].push_back(*value);
    }
  }
  for (const double time : times) {
    const auto& defined = values[time];
    means.rows.push_back(
        {shortest(time), defined.size() == folds.size() ? shortest(eval::spread(defined).mean) : "",
         std::to_string(defined.size())});
  }
  return {table, means};
}

std::string fold_lines(const Figure& figure, const std::map<int64_t, Columns>& folds) {
  std::string lines;
  for (const auto& item : folds) {
    lines += ", " + data_file(figure) + " skip 1 using ($1==" + std::to_string(item.first) +
             " ? $2 : NaN):3 with lines lw 0.8 lc rgb '" + kPalette[5] + "' " +
             (lines.empty() ? "title 'folds'" : "notitle");
  }
  return lines;
}

// The curve of every fold at t, and the mean of their true positives where all folds have one.
std::pair<Table, Table> roc_tables(const Columns& all, const std::map<int64_t, Columns>& folds,
                                   double t) {
  Table table{{"fold", "false_positive", "true_positive"}, {}};
  Table means{{"false_positive", "mean_true_positive"}, {}};
  std::vector<survival::TimeRoc> curves;
  for (const auto& [number, fold] : folds) {
    try {
      curves.push_back(survival::time_roc(all.patients(), fold.patients(), fold.risk, t));
    } catch (const Error&) {  // as in auc_at
      table.rows.push_back({std::to_string(number), "", ""});
      continue;
    }
    const auto& curve = curves.back();
    for (size_t k = 0; k < curve.false_positive.size(); ++k) {
      table.rows.push_back({std::to_string(number), shortest(curve.false_positive[k]),
                            shortest(curve.true_positive[k])});
    }
  }
  for (int i = 0; i <= 50 && curves.size() == folds.size(); ++i) {
    std::vector<double> values;
    for (const auto& curve : curves) values.push_back(survival::true_positive_at(curve, i / 50.0));
    means.rows.push_back({shortest(i / 50.0), shortest(eval::spread(values).mean)});
  }
  if (means.rows.empty()) means.rows.push_back({"", ""});
  return {table, means};
}

struct Sample {
  Columns all;
  std::map<int64_t, Columns> folds;
};

Sample sample_of(const LabelledRun& run, Selection selection) {
  Sample sample;
  for (const auto& row : reported(run.summary.folder, selection).rows) {
    add(sample.all, row);
    add(sample.folds[row.fold], row);
  }
  return sample;
}

}  // namespace

Figure roc_figure(const std::string& name, const LabelledRun& run, Selection selection,
                  const std::string& unit) {
  const auto [all, folds] = sample_of(run, selection);
  std::vector<double> events;
  for (size_t i = 0; i < all.time.size(); ++i)
    if (all.event[i]) events.push_back(all.time[i]);
  const double t = events.empty() ? 0 : eval::median(events);
  const auto [table, means] = roc_tables(all, folds, t);
  const auto at = "events by " + shortest(t) + " " + unit;
  Figure figure{name, "ROC curves, " + run.label};
  figure.caption =
      "ROC curves of " + at + " (the median event time) against longer survival, " +
      title(selection) +
      ". Thin lines: folds; thick line: mean of the true positives where all folds have a curve. "
      "Censoring weights from all reported patients of the run.";
  figure.width = 620;
  figure.height = 600;
  figure.data = {{"", table}, {"_mean", means}};
  figure.commands = "set title " + gnuplot_quoted(run.label + ", " + title(selection)) +
                    ".\"\\n\"." + gnuplot_quoted(at) +
                    " noenhanced\nset border 3\nset tics nomirror\nset size square\nset xlabel "
                    "'false positives'\nset ylabel 'true positives'\nset xrange [0:1]\nset yrange "
                    "[0:1.01]\nset key bottom right noenhanced\nplot x with lines dt 2 lc rgb "
                    "'#777777' title 'no discrimination'" +
                    fold_lines(figure, folds) + ", " + data_file(figure, "_mean") +
                    " skip 1 using 1:2 with lines lw 3 lc rgb '" + kPalette[0] +
                    "' title 'mean over folds'\n";
  return figure;
}

Figure auc_figure(const std::string& name, const LabelledRun& run, Selection selection,
                  const std::string& unit) {
  const auto [all, folds] = sample_of(run, selection);
  const auto [table, means] = auc_tables(all, folds);
  Figure figure{name, "AUC over time, " + run.label};
  figure.caption =
      std::string("Cumulative/dynamic AUC at the deciles of the event times, ") + title(selection) +
      ". Thin lines: folds; thick line: mean where it is defined in all of them. Censoring weights "
      "from all reported patients of the run.";
  figure.data = {{"", table}, {"_mean", means}};
  figure.commands =
      "set title " + gnuplot_quoted(run.label + ", " + title(selection)) +
      " noenhanced\nset border 3\nset tics nomirror\nset grid ytics lc rgb '#dddddd'\nset xlabel " +
      gnuplot_quoted("time (" + unit + ")") +
      " noenhanced\nset ylabel 'AUC'\nset yrange [0:1]\nset key bottom right noenhanced\nplot 0.5 "
      "with lines dt 2 lc rgb '#777777' title 'no discrimination'" +
      fold_lines(figure, folds) + ", " + data_file(figure, "_mean") +
      " skip 1 using 1:2 with linespoints lw 3 pt 7 ps 0.7 lc rgb '" + kPalette[0] +
      "' title 'mean over folds'\n";
  return figure;
}

}  // namespace tractrix::report
