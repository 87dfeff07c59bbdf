#include "tractrix/report/table_figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_fixture.hpp"
#include "support/folder.hpp"
#include "support/messages.hpp"
#include "support/paths.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/report/program.hpp"
#include "tractrix/report/risk_groups.hpp"

namespace tractrix::report {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::write_run;

class TableFigures : public ::testing::Test {
 protected:
  FilledTable table(const std::string& head, const std::string& rows) {
    write_file(folder_ / "t.yaml", "title: Toy\n" + head + "columns: [toy]\nrows:\n" + rows);
    return fill(read_table_file(folder_ / "t.yaml"), {folder_.path()});
  }
  testing::TemporaryFolder folder_;
};

constexpr const char* kRows =
    "  ours: {label: \"it's {a} %d\", run: \"net_{column}\"}\n"
    "  none: {label: None, run: \"none_{column}\"}\n"
    "  paper: {label: Paper, source: a, protocol: b, cells: {toy: {mean: 0.4, std: 0.1}}}\n";

TEST_F(TableFigures, BarsHaveTheCellsAndTheirDeviations) {
  write_run(folder_ / "net_toy", 0);  // folds of 6/6 and 5/6
  const auto figure = bars_figure("bars", table("figure: bars\n", kRows));
  const auto& rows = figure.data.at(0).second.rows;
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_NEAR(std::stod(rows[0][4]), 11.0 / 12, 1e-12);
  EXPECT_NEAR(std::stod(rows[0][5]), 1.0 / 12, 1e-12);
  EXPECT_EQ(rows[1][4] + rows[1][5], "") << "a missing cell has no bar";
  EXPECT_EQ(rows[2][4], "0.4");
  EXPECT_LT(std::stod(rows[0][0]), std::stod(rows[1][0])) << "side by side";
  EXPECT_THAT(figure.caption, HasSubstr("starts at 0.25")) << "0.4 - 0.1 and some room";
}

TEST_F(TableFigures, SurvivalCurvesAreThoseOfThePooledMedian) {
  write_run(folder_ / "net_toy", 0);
  // Training risks would give each fold a threshold of its own; here they must not.
  for (const char* fold : {"fold_0", "fold_1"})
    eval::write_predictions(folder_ / "net_toy" / fold / "predictions_last_train.csv",
                            testing::four_patients(0, 0));
  const auto groups = pooled_risk_groups(folder_ / "net_toy", Selection::last);
  EXPECT_THAT(groups.rule, HasSubstr("pooled"));
  EXPECT_THAT(groups.group, ElementsAre(1, 1, 0, 0, 1, 1, 0, 0));
  const auto page = table_page(table("figure: survival\n", kRows), folder_ / "out");
  const auto& section = page.sections.back();
  ASSERT_EQ(section.pictures.size(), 1u);
  EXPECT_THAT(section.pictures[0].caption, HasSubstr("log-rank p"));
  EXPECT_THAT(section.notes, Contains("toy, None: no run to draw"));
}

TEST_F(TableFigures, TermsAreMeansOverTheFoldsByEpoch) {
  write_run(folder_ / "net_toy", 0);  // nll 3/epoch in every fold
  const auto filled = table("figure: terms\nterms: [nll]\n", kRows);
  const auto figure = terms_figure("terms", "toy", filled.runs, {"nll", "absent"});
  ASSERT_TRUE(figure);
  const auto& rows = figure->data.at(0).second.rows;
  ASSERT_EQ(rows.size(), 3u);
  for (int epoch = 1; epoch <= 3; ++epoch) {
    EXPECT_EQ(rows[static_cast<size_t>(epoch - 1)][2], std::to_string(epoch));
    EXPECT_NEAR(std::stod(rows[static_cast<size_t>(epoch - 1)][3]), 3.0 / epoch, 1e-12);
  }
  EXPECT_FALSE(terms_figure("terms", "toy", filled.runs, {"absent"}));
}

TEST_F(TableFigures, AreDrawn) {
  if (!run_program({"gnuplot", "--version"}, "/").started) GTEST_SKIP() << "no gnuplot";
  write_run(folder_ / "net_toy", 0);
  for (const char* head :
       {"figure: bars\n", "figure: survival\n", "figure: terms\nterms: [nll]\n"}) {
    SCOPED_TRACE(head);
    const auto page = table_page(table(head, kRows), folder_ / "out");
    ASSERT_EQ(page.sections.back().pictures.size(), 1u);
    EXPECT_THAT(page.sections.back().pictures[0].svg, HasSubstr("<path"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "out" /
                                        (page.sections.back().pictures[0].file + ".png")));
  }
  EXPECT_NE(table_page(table("", kRows), folder_ / "out").sections.back().title, "Figures");
}

TEST_F(TableFigures, TermsWithoutTheirFigureAreAMistake) {
  EXPECT_THAT(message_of([&] { table("terms: [nll]\n", kRows); }), HasSubstr("figure: terms"));
  EXPECT_THAT(message_of([&] { table("figure: terms\n", kRows); }), HasSubstr("needs some"));
  EXPECT_THAT(message_of([&] { table("figure: pie\n", kRows); }), HasSubstr("figure"));
}

// The tables of CMTA that are shipped are read, and every config they name is there.
TEST(ShippedTables, NameConfigsThatExist) {
  const std::filesystem::path source = testing::source_folder();
  int configs = 0;
  for (const auto& file : std::filesystem::directory_iterator(source / "configs" / "tables")) {
    SCOPED_TRACE(file.path().string());
    const auto table = read_table_file(file.path());
    for (const auto& [key, row] : table.rows) {
      if (row.config.empty()) continue;
      for (const auto& column : table.columns) {
        EXPECT_TRUE(std::filesystem::exists(source / filled(row.config, column)))
            << filled(row.config, column);
        ++configs;
      }
    }
  }
  EXPECT_GT(configs, 200);
}

}  // namespace
}  // namespace tractrix::report
