#include "tractrix/report/table_file.hpp"

#include <algorithm>
#include <set>

#include "tractrix/config/fields.hpp"

namespace tractrix::report {

static void fields(config::Fields& f, TableCell& c) {
  f("mean", c.mean, "published mean C-index", config::between(0, 1));
  f("std", c.std, "published deviation", config::at_least(0));
  f("folds", c.folds, "published C-index of each fold", config::between(0, 1));
  f("note", c.note, "printed below the table");
  f("ranked", c.ranked, "false: never marked as the best");
}

static void fields(config::Fields& f, TableRow& r) {
  f("label", r.label, "first column").required("label", "label: SNN");
  f("run", r.run, "name of the run folder, {column} is the column: snn_{column}");
  f("config", r.config, "the config that makes it: configs/snn/{column}.yaml");
  f("selection", r.selection, "which epoch's model");
  f("source", r.source, "where published values were printed");
  f("protocol", r.protocol, "how they were made: epoch, folds, deviation");
  f("same_folds", r.same_folds, "published: fold k holds the patients of the runs' fold k");
  f("difference", r.difference, "key of the row from which differences are taken");
  f("overall", r.overall, "published mean over the columns", config::between(0, 1));
  f.map("cells", r.cells, "published values and remarks, by column");
  const bool published = r.run.empty();
  const bool values = std::any_of(r.cells.begin(), r.cells.end(), [](const auto& cell) {
    return cell.second.mean || cell.second.std || !cell.second.folds.empty();
  });
  f.require(!published || values, "run", "is missing, and there are no published cells either");
  f.require(published || (!values && !r.overall), "cells",
            "hold published values, but this row is made of runs");
  f.require(!published || (!r.source.empty() && !r.protocol.empty()), "source",
            "and 'protocol' must say where published values come from and how they were made");
  f.require(published || r.run.find("{column}") != std::string::npos, "run",
            "must hold {column}, such as snn_{column}");
}

TableFigureNames names(TableFigure) {
  using enum TableFigure;
  return {{"none", none}, {"bars", bars}, {"survival", survival}, {"terms", terms}};
}

static void fields(config::Fields& f, TableFile& t) {
  f("title", t.title, "heading").required("title", "title: Baselines");
  f("note", t.note, "what a reader must know");
  f("figure", t.figure, "what is drawn: grouped bars, Kaplan-Meier curves, loss terms by epoch");
  f("terms", t.terms, "figure terms: which ones, as metrics.jsonl names them");
  f.require((t.figure == TableFigure::terms) != t.terms.empty(), "terms",
            "belong to 'figure: terms', which needs some: [cos_p, cos_g]");
  f("columns", t.columns, "cohorts, as data.cohort names them")
      .required("columns", "columns: [blca, ucec]");
  f("overall", t.overall, "a last column: the mean over the columns");
  f("test", t.test, "paired test of each difference");
  f.map("rows", t.rows, "rows, by a key of your choice").required("rows", "rows: {snn: {...}}");
  std::set<std::string> columns(t.columns.begin(), t.columns.end());
  f.require(columns.size() == t.columns.size(), "columns", "hold a name twice");
  for (const auto& [key, row] : t.rows) {
    f.require(row.difference.empty() || (t.rows.has(row.difference) && row.difference != key),
              "rows",
              "'" + key + ".difference' is '" + row.difference +
                  "', the key of another row was expected: " + enumerate(t.rows.names(), 30));
    for (const auto& cell : row.cells) {
      f.require(columns.contains(cell.first), "rows",
                "'" + key + ".cells." + cell.first +
                    "' is no column; there are: " + enumerate(t.columns, 30));
    }
  }
}

TableFile read_table_file(const std::filesystem::path& file) {
  const auto root = config::load(file);
  TableFile table;
  config::Visit visit;
  {
    config::Fields f(visit, &root, "");
    fields(f, table);
  }
  visit.errors.raise();
  return table;
}

std::string filled(std::string pattern, const std::string& column) {
  constexpr std::string_view kColumn = "{column}";
  for (size_t at = 0; (at = pattern.find(kColumn, at)) != std::string::npos; at += column.size())
    pattern.replace(at, kColumn.size(), column);
  return pattern;
}

}  // namespace tractrix::report
