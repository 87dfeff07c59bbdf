#include "tractrix/report/table_figures.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/report/escape.hpp"
#include "tractrix/report/run_facts.hpp"
#include "tractrix/report/run_figures.hpp"

namespace tractrix::report {
namespace {

std::string cell_text(const std::optional<double>& value) { return value ? shortest(*value) : ""; }

// Just below the lowest bar, so that the difference between bars can be seen; 0.5, chance, at most.
double axis_start(const FilledTable& table) {
  double lowest = 0.5;
  for (const auto& row : table.rows)
    for (const auto& cell : row.cells)
      if (cell.mean) lowest = std::min(lowest, *cell.mean - cell.std.value_or(0));
  return std::max(0.0, std::floor((lowest - 0.02) * 20) / 20);
}

std::string bar_plots(const Figure& figure, const FilledTable& table) {
  std::string boxes, lines;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const std::string rows = " skip 1 using ($2==" + std::to_string(r + 1) + " ? $1 : NaN)";
    boxes += (r > 0 ? ", " : "plot ") + data_file(figure) + rows + ":5 with boxes lc rgb '" +
             kPalette[r % std::size(kPalette)] + "' title " +
             gnuplot_quoted(table.rows[r].description.label);
    lines += ", " + data_file(figure) + rows + ":($5-$6):(0):(2*$6)" +
             " with vectors heads size graph 0.006,90 lw 1.5 lc rgb '#000000' notitle";
  }
  return boxes + lines + "\n";
}

}  // namespace

Figure bars_figure(const std::string& name, const FilledTable& table) {
  const double width = 0.8 / static_cast<double>(std::max<size_t>(1, table.rows.size()));
  const double start = axis_start(table);
  Figure figure{name, "C-index by column and row"};
  figure.caption =
      "Mean C-index over the folds; lines are the deviations over the folds "
      "(population). The axis starts at " +
      shortest(start) + ".";
  Table bars{{"position", "row", "column", "label", "mean", "std"}, {}};
  std::string ticks;
  for (size_t c = 0; c < table.file.columns.size(); ++c) {
    const double centre = static_cast<double>(c) + 1;
    ticks += (c > 0 ? ", " : "") + gnuplot_quoted(table.file.columns[c]) + " " + shortest(centre);
    for (size_t r = 0; r < table.rows.size(); ++r) {
      const double at = centre + width * (static_cast<double>(r) -
                                          0.5 * static_cast<double>(table.rows.size() - 1));
      const auto& cell = table.rows[r].cells[c];
      bars.rows.push_back({shortest(at), std::to_string(r + 1), table.file.columns[c],
                           table.rows[r].description.label, cell_text(cell.mean),
                           cell_text(cell.std)});
    }
  }
  figure.data = {{"", bars}};
  figure.commands = "set border 3\nset tics nomirror\nset grid ytics lc rgb '#dddddd'\nset title " +
                    gnuplot_quoted(table.file.title) +
                    " noenhanced\nset ylabel 'C-index'\nset xrange [0.4:" +
                    shortest(static_cast<double>(table.file.columns.size()) + 0.6) +
                    "]\nset yrange [" + shortest(start) + ":*]\nset xtics noenhanced (" + ticks +
                    ")\nset key outside bottom center horizontal noenhanced\nset style fill solid "
                    "0.75 border lc rgb '#333333'\nset boxwidth " +
                    shortest(width) + "\n" + bar_plots(figure, table);
  return figure;
}

namespace {

const LabelledRun* run_of(const FilledTable& table, const TableRow& row,
                          const std::string& column) {
  if (row.run.empty()) return nullptr;
  for (const auto& run : table.runs)
    if (run.label == filled(row.run, column)) return &run;
  return nullptr;
}

void add_survival(const FilledTable& table, std::vector<Figure>& figures, Section& section) {
  for (const auto& column : table.file.columns) {
    for (const auto& [key, description, cells, overall] : table.rows) {
      const auto* run = run_of(table, description, column);
      if (!run) {
        section.notes.push_back(column + ", " + description.label + ": no run to draw");
        continue;
      }
      try {
        const auto groups = pooled_risk_groups(run->summary.folder, description.selection);
        const auto label = column + ", " + description.label + ", " + title(description.selection);
        figures.push_back(survival_figure("survival_" + std::to_string(figures.size() + 1), label,
                                          groups, facts_of(run->summary).time_unit));
      } catch (const Error& e) {
        section.notes.emplace_back(e.what());
      }
    }
  }
}

void add_terms(const FilledTable& table, std::vector<Figure>& figures, Section& section) {
  for (const auto& column : table.file.columns) {
    std::vector<LabelledRun> runs;
    for (const auto& row : table.rows)
      if (const auto* run = run_of(table, row.description, column))
        runs.push_back({row.description.label, run->summary});
    auto figure =
        terms_figure("terms_" + std::to_string(figures.size() + 1), column, runs, table.file.terms);
    if (figure)
      figures.push_back(std::move(*figure));
    else
      section.notes.push_back(column + ": no run has logged these terms");
  }
}

}  // namespace

Document table_page(const FilledTable& table, const std::filesystem::path& folder) {
  auto document = table_document(table);
  if (table.file.figure == TableFigure::none) return document;
  Section section{"Figures"};
  std::vector<Figure> figures;
  if (table.file.figure == TableFigure::bars) figures.push_back(bars_figure("bars", table));
  if (table.file.figure == TableFigure::survival) add_survival(table, figures, section);
  if (table.file.figure == TableFigure::terms) add_terms(table, figures, section);
  if (!figures.empty()) section.pictures = draw(figures, folder / "figures");
  document.sections.push_back(std::move(section));
  return document;
}

}  // namespace tractrix::report
