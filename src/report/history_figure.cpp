#include <algorithm>
#include <map>
#include <set>

#include "tractrix/core/csv.hpp"
#include "tractrix/report/escape.hpp"
#include "tractrix/report/metric_lines.hpp"
#include "tractrix/report/run_figures.hpp"

namespace tractrix::report {
namespace {

using Row = std::vector<std::optional<double>>;
// Values by epoch and fold.
using Epochs = std::map<int64_t, std::map<int64_t, Row>>;

struct History {
  std::vector<std::string> columns;  // "train loss nll", "validation loss nll", ...
  Epochs epochs;
  std::set<int64_t> folds;
};

// The first term of the loss; a regulariser or a diagnostic of another size comes after it.
std::string first_term(const std::vector<Json>& lines) {
  for (const auto& line : lines)
    if (line.contains("loss") && !line["loss"].empty()) return line["loss"].begin().key();
  return {};
}

History read_history(const std::filesystem::path& run) {
  const auto lines = metric_lines(run);
  const auto term = first_term(lines);
  History history;
  history.columns = {"train loss " + term, "validation loss " + term, "validation C-index",
                     "inner validation C-index"};
  for (const auto& line : lines) {
    const auto fold = line["fold"].get<int64_t>();
    history.folds.insert(fold);
    history.epochs[line["epoch"].get<int64_t>()][fold] = {
        logged(line, {"loss", term.c_str()}), logged(line, {"val", "loss", term.c_str()}),
        logged(line, {"val", "c_index"}), logged(line, {"inner", "c_index"})};
  }
  return history;
}

std::string text_of(const std::optional<double>& value) { return value ? shortest(*value) : ""; }

Table fold_table(const History& history) {
  Table table{{"fold", "epoch"}, {}};
  table.header.insert(table.header.end(), history.columns.begin(), history.columns.end());
  for (const int64_t fold : history.folds) {
    for (const auto& [epoch, rows] : history.epochs) {
      const auto found = rows.find(fold);
      if (found == rows.end()) continue;
      std::vector<std::string> row{std::to_string(fold), std::to_string(epoch)};
      for (const auto& value : found->second) row.push_back(text_of(value));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

// Where every fold has a value: a mean over fewer folds would jump.
Table mean_table(const History& history) {
  Table table{{"epoch"}, {}};
  table.header.insert(table.header.end(), history.columns.begin(), history.columns.end());
  for (const auto& [epoch, rows] : history.epochs) {
    std::vector<std::string> row{std::to_string(epoch)};
    for (size_t c = 0; c < history.columns.size(); ++c) {
      std::vector<double> values;
      for (const auto& [fold, values_of] : rows)
        if (values_of[c]) values.push_back(*values_of[c]);
      row.push_back(values.size() == history.folds.size() ? shortest(eval::spread(values).mean)
                                                          : "");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

bool any(const Table& table, size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [column](const auto& row) { return !row[column].empty(); });
}

// Thin lines per fold and a thick one for the mean, of the columns that hold anything.
std::string panel(const Figure& figure, const History& history,
                  const std::vector<size_t>& columns) {
  std::string thin, thick;
  for (const size_t c : columns) {
    if (!any(figure.data[0].second, c + 2)) continue;
    const std::string colour = std::string(" lc rgb '") + kPalette[c] + "'";
    for (const int64_t fold : history.folds) {
      thin += (thin.empty() ? "plot " : ", ") + data_file(figure) +
              " skip 1 using ($1==" + std::to_string(fold) +
              " ? $2 : NaN):" + std::to_string(c + 3) + " with lines lw 0.6" + colour +
              " dt 1 notitle";
    }
    thick += ", " + data_file(figure, "_mean") + " skip 1 using 1:" + std::to_string(c + 2) +
             " with linespoints lw 3 pt 7 ps 0.35" + colour + " title " +
             gnuplot_quoted(history.columns[c]);
  }
  return thin.empty() ? "" : thin + thick + "\n";
}

// A label of an axis is a format of sprintf for gnuplot.
std::string tick_label(const std::string& label) {
  std::string format;
  for (const char c : label) format += c == '%' ? "%%" : std::string(1, c);
  return gnuplot_quoted(format);
}

}  // namespace

std::optional<Figure> history_figure(const std::string& name, const LabelledRun& run) {
  const auto history = read_history(run.summary.folder);
  if (history.epochs.empty()) return std::nullopt;
  Figure figure{name, "Loss and C-index over the epochs, " + run.label};
  figure.caption =
      "Loss (first term) and C-index over the epochs. Thin lines: folds; thick lines: mean over "
      "all folds. The validation patients are the reported ones: an epoch chosen by them is "
      "optimistic.";
  figure.height = 760;
  figure.data = {{"", fold_table(history)}, {"_mean", mean_table(history)}};
  const auto loss = panel(figure, history, {0, 1}), index = panel(figure, history, {2, 3});
  figure.commands = "set multiplot layout 2,1\nset title " + gnuplot_quoted(run.label) +
                    " noenhanced\nset border 3\nset tics nomirror\nset lmargin 11\nset rmargin 3\n"
                    "set grid ytics lc rgb '#dddddd'\nset key outside bottom center horizontal "
                    "noenhanced\nset xlabel 'epoch'\nset xrange [1:*]\n" +
                    (loss.empty() ? "" : "set ylabel 'loss'\n" + loss + "unset title\n") +
                    (index.empty() ? "" : "set ylabel 'C-index'\n" + index) + "unset multiplot\n";
  return figure;
}

Figure comparison_figure(const std::string& name, const std::vector<LabelledRun>& runs,
                         Selection selection) {
  Figure figure{name, std::string("C-index by run and fold, ") + title(selection)};
  figure.caption = std::string("C-index, ") + title(selection) +
                   ": circles are folds, bars mean \u00b1 population standard deviation of whole "
                   "runs. Cohorts differ where the table says so.";
  Table folds{{"position", "run", "fold", "c_index"}, {}};
  Table means{{"position", "run", "mean", "std_population"}, {}};
  std::string ticks;
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto at = std::to_string(i + 1);
    const auto& summary = runs[i].summary;
    ticks += (i > 0 ? ", " : "") + tick_label(runs[i].label) + " " + at;
    for (const auto& fold : summary.folds)
      folds.rows.push_back(
          {at, runs[i].label, std::to_string(fold.fold), text_of(fold.at(selection).c_index)});
    const auto& c = summary.at(selection).c_index;
    const bool shown = c && summary.whole();
    means.rows.push_back({at, runs[i].label, shown ? shortest(c->mean) : "",
                          shown ? shortest(c->population_std) : ""});
  }
  figure.data = {{"", folds}, {"_mean", means}};
  figure.commands =
      "set border 3\nset tics nomirror\nset grid ytics lc rgb '#dddddd'\nset title " +
      gnuplot_quoted(std::string("C-index, ") + title(selection)) +
      " noenhanced\nset ylabel 'C-index'\nset xrange [0.5:" + std::to_string(runs.size()) +
      ".5]\nset xtics rotate by -30 noenhanced (" + ticks +
      ")\nset key off\nplot 0.5 with lines dt 2 lc rgb '#777777', " + data_file(figure) +
      " skip 1 using ($1-0.12):4 with points pt 6 ps 1 lw 1.5 lc rgb '" + kPalette[0] + "', " +
      data_file(figure, "_mean") +
      " skip 1 using ($1+0.12):3:4 with yerrorbars pt 5 ps 0.9 lw 2.5 lc rgb '" + kPalette[1] +
      "'\n";
  return figure;
}

}  // namespace tractrix::report
