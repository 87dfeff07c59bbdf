#include <algorithm>
#include <map>

#include "tractrix/core/csv.hpp"
#include "tractrix/eval/metrics.hpp"
#include "tractrix/report/escape.hpp"
#include "tractrix/report/metric_lines.hpp"
#include "tractrix/report/table_figures.hpp"

namespace tractrix::report {
namespace {

// By epoch, where every fold of the run has a value.
std::map<int64_t, double> means_of(const LabelledRun& run, const std::string& term) {
  std::map<int64_t, std::vector<double>> values;
  for (const auto& line : metric_lines(run.summary.folder))
    if (const auto value = logged(line, {"loss", term.c_str()}))
      values[line["epoch"].get<int64_t>()].push_back(*value);
  std::map<int64_t, double> means;
  for (const auto& [epoch, of_folds] : values)
    if (of_folds.size() == fold_folders(run.summary.folder).size())
      means[epoch] = eval::spread(of_folds).mean;
  return means;
}

}  // namespace

std::optional<Figure> terms_figure(const std::string& name, const std::string& title,
                                   const std::vector<LabelledRun>& runs,
                                   const std::vector<std::string>& terms) {
  Figure figure{name, "Loss terms over the epochs, " + title};
  figure.caption = title + ": terms of the training patients over the epochs, mean over the folds.";
  figure.height = 120 + 260 * static_cast<int>(terms.size());
  Table lines{{"term", "run", "epoch", "value", "label"}, {}};
  int64_t last = 1;
  for (size_t t = 0; t < terms.size(); ++t)
    for (size_t r = 0; r < runs.size(); ++r)
      for (const auto& [epoch, value] : means_of(runs[r], terms[t])) {
        last = std::max(last, epoch);
        lines.rows.push_back({std::to_string(t + 1), std::to_string(r + 1), std::to_string(epoch),
                              shortest(value), terms[t] + ", " + runs[r].label});
      }
  if (lines.rows.empty()) return std::nullopt;
  const int64_t step = std::max<int64_t>(1, last / 10);  // of the ticks: whole epochs
  figure.data = {{"", lines}};
  figure.commands =
      "set multiplot layout " + std::to_string(terms.size()) +
      ",1\nset border 3\nset tics nomirror\nset grid ytics lc rgb '#dddddd'\nset title " +
      gnuplot_quoted(title) + " noenhanced\nset xlabel 'epoch'\nset lmargin 11\nset xtics 1," +
      std::to_string(step) + "\nset key outside right top vertical noenhanced\n";
  for (size_t t = 0; t < terms.size(); ++t) {
    std::string plots;
    for (size_t r = 0; r < runs.size(); ++r)
      plots += (r > 0 ? ", " : "plot ") + data_file(figure) +
               " skip 1 using ($1==" + std::to_string(t + 1) + " && $2==" + std::to_string(r + 1) +
               " ? $3 : NaN):4 with linespoints lw 2.5 pt 7 ps 0.4 lc rgb '" +
               kPalette[r % std::size(kPalette)] + "' title " + gnuplot_quoted(runs[r].label);
    figure.commands += "set ylabel " + gnuplot_quoted(terms[t]) + " noenhanced\n" + plots + "\n" +
                       (t == 0 ? "unset title\n" : "");
  }
  figure.commands += "unset multiplot\n";
  return figure;
}

}  // namespace tractrix::report
