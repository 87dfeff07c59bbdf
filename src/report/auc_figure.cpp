#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/report/escape.hpp"
#include "tractrix/report/run_figures.hpp"
#include "tractrix/survival/time_auc.hpp"

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

}  // namespace

Figure auc_figure(const std::string& name, const LabelledRun& run, Selection selection,
                  const std::string& unit) {
  Columns all;
  std::map<int64_t, Columns> folds;
  for (const auto& row : reported(run.summary.folder, selection).rows) {
    add(all, row);
    add(folds[row.fold], row);
  }
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
