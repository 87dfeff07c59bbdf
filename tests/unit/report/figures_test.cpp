#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "run_fixture.hpp"
#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/report/page.hpp"
#include "tractrix/report/program.hpp"
#include "tractrix/report/run_figures.hpp"

namespace tractrix::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using ::testing::Not;
using testing::write_run;

const std::string kHostile = "it's {a} <b> & `touch hit` @m \"q\" \\n_x_^2 %d";

bool has_gnuplot() { return run_program({"gnuplot", "--version"}, "/").started; }

// The name of the first element that is not closed where it should be, or "".
std::string unbalanced(const std::string& xml) {
  std::vector<std::string> open;
  for (size_t at = 0; (at = xml.find('<', at)) != std::string::npos; ++at) {
    const size_t end = xml.find('>', at);
    if (end == std::string::npos) return "no end";
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (tag[0] == '?' || tag[0] == '!' || tag.back() == '/') continue;
    if (tag[0] != '/') {
      open.push_back(tag.substr(0, tag.find_first_of(" \n\t")));
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return tag;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

RiskGroups two_groups() {
  // low: events at 5, 9, censored at 20; high: events at 1, 2, 3, censored at 2
  return {
      "high risk: by hand", {5, 9, 20, 1, 2, 3, 2}, {1, 1, 0, 1, 1, 1, 0}, {0, 0, 0, 1, 1, 1, 1}};
}

TEST(RiskGroups, PooledMedianWithoutTrainingRisks) {
  const testing::TemporaryFolder folder;
  write_run(folder / "run", 0);
  const auto groups = risk_groups(folder / "run", Selection::last);
  EXPECT_THAT(groups.rule, HasSubstr("all reported patients, pooled"));
  EXPECT_THAT(groups.group, ElementsAre(1, 1, 0, 0, 1, 1, 0, 0)) << "median of 1,1,2,2,3,3,4,4";
  EXPECT_THAT(message_of([&] { risk_groups(folder / "run", Selection::inner); }),
              HasSubstr("no fold has predictions of the selection 'inner'"));
}

TEST(RiskGroups, TrainingMediansOfEachFoldWhereAllAreThere) {
  const testing::TemporaryFolder folder;
  write_run(folder / "run", 0);
  auto train = testing::four_patients(0, 0);
  for (auto& row : train.rows) row.risk += 1;  // 5, 4, 3, 2: median 3.5
  eval::write_predictions(folder / "run/fold_0/predictions_last_train.csv", train);
  EXPECT_THAT(risk_groups(folder / "run", Selection::last).rule, HasSubstr("pooled"))
      << "fold 1 has none";
  for (auto& row : train.rows) row.risk -= 3;  // 2, 1, 0, -1: median 0.5
  eval::write_predictions(folder / "run/fold_1/predictions_last_train.csv", train);
  const auto groups = risk_groups(folder / "run", Selection::last);
  EXPECT_THAT(groups.rule, HasSubstr("the fold's training patients"));
  EXPECT_THAT(groups.group, ElementsAre(1, 0, 0, 0, 1, 1, 1, 1));
}

TEST(SurvivalFigure, HoldsCurvesRisksAndTheTest) {
  const auto figure = survival_figure("survival", "run", two_groups(), "months");
  const auto curves = CsvTable::parse(csv(figure.data[0].second), "csv");
  const auto at = [&](int64_t row, const char* column) {
    return *parse_number(curves.at(row, curves.column(column)));
  };
  ASSERT_EQ(curves.rows(), 4 + 4);  // time 0 and three distinct times in each group
  EXPECT_NEAR(at(1, "survival"), 2.0 / 3, 1e-12);
  EXPECT_NEAR(at(6, "survival"), 0.75 * 2 / 3, 1e-12);
  EXPECT_EQ(at(6, "censored"), 1);
  EXPECT_LT(at(6, "lower95"), at(6, "survival"));
  const auto& risks = figure.data[2].second;
  EXPECT_THAT(risks.rows[0], ElementsAre("0", "0", "3"));
  EXPECT_THAT(risks.rows[1], ElementsAre("0", "6", "2"));
  EXPECT_THAT(figure.caption, HasSubstr("high risk: by hand"));
  EXPECT_THAT(figure.caption, HasSubstr("log-rank p = 0.0"));
}

TEST(SurvivalFigure, OneGroupHasNoTest) {
  auto groups = two_groups();
  groups.group.assign(7, 0);
  const auto figure = survival_figure("survival", "run", groups, "months");
  EXPECT_THAT(figure.caption, HasSubstr("log-rank p: undefined ("));
  EXPECT_THAT(figure.commands, HasSubstr("log-rank p: undefined"));
}

TEST(HistoryFigure, MeansNeedEveryFold) {
  const testing::TemporaryFolder folder;
  write_run(folder / "run", 0);
  const auto file = folder / "run/fold_1/metrics.jsonl";
  auto text = read_file(file);
  text.resize(text.find('\n', text.find('\n') + 1) + 1);  // two of three epochs
  write_file(file, text + "{\"cut off");
  const auto figure = history_figure("history", read_runs({folder / "run"}, {})[0]);
  ASSERT_TRUE(figure);
  const auto means = CsvTable::parse(csv(figure->data[1].second), "csv");
  EXPECT_EQ(means.at(1, means.column("train loss nll")), "1.5");
  EXPECT_EQ(means.at(1, means.column("validation loss nll")), "2");
  EXPECT_EQ(means.at(2, means.column("train loss nll")), "") << "fold 1 has no third epoch";
  EXPECT_EQ(means.at(0, means.column("inner validation C-index")), "");
  EXPECT_THAT(figure->commands, Not(HasSubstr("inner validation"))) << "an empty curve";
}

TEST(AucFigure, UndefinedTimesAreEmpty) {
  const testing::TemporaryFolder folder;
  write_run(folder / "run", 0);
  const auto figure =
      auc_figure("auc", read_runs({folder / "run"}, {})[0], Selection::last, "months");
  const auto table = CsvTable::parse(csv(figure.data[0].second), "csv");
  EXPECT_EQ(table.at(0, 1), "1");
  EXPECT_EQ(table.at(0, 2), "1") << "the first event has the highest risk";
  const auto means = CsvTable::parse(csv(figure.data[1].second), "csv");
  EXPECT_EQ(means.at(0, 2), "2");
}

TEST(RocFigure, CurvesOfEveryFoldAndTheirMean) {
  const testing::TemporaryFolder folder;
  write_run(folder / "run", 0);
  const auto figure =
      roc_figure("roc", read_runs({folder / "run"}, {})[0], Selection::last, "months");
  const auto table = CsvTable::parse(csv(figure.data[0].second), "csv");
  EXPECT_EQ(table.rows(), 2 * 5) << "(0, 0) and a corner per patient";
  EXPECT_THAT(figure.caption, HasSubstr("events by 2 months"));
  const auto means = CsvTable::parse(csv(figure.data[1].second), "csv");
  ASSERT_EQ(means.rows(), 51);
  EXPECT_EQ(means.at(0, 1), "1") << "both cases are above both controls in both folds";
  testing::write_facts(folder / "none", {});
  testing::write_fold(folder / "none", 0, 0, -1, 0);
  auto rows = testing::four_patients(1, 0);
  for (auto& row : rows.rows) row.event = *row.time > 3;  // nobody died by 2.5
  std::filesystem::create_directories(folder / "none/fold_1");
  eval::write_predictions(folder / "none/fold_1/predictions_last.csv", rows);
  write_file(folder / "none/fold_1/metrics.jsonl", "");
  const auto gap =
      roc_figure("roc", read_runs({folder / "none"}, {})[0], Selection::last, "months");
  EXPECT_THAT(gap.data[1].second.rows, ElementsAre(ElementsAre("", ""))) << "no mean over one fold";
}

TEST(Ticks, AreFewAndRound) {
  EXPECT_EQ(tick_step(40, "months"), 6);
  EXPECT_EQ(tick_step(163, "months"), 24);
  EXPECT_EQ(tick_step(4000, "days"), 500);
  EXPECT_EQ(tick_step(0.7, "years"), 0.1);
}

TEST(InlineSvg, KeepsItsIdsApart) {
  const auto svg = inline_svg(
      "<?xml version=\"1.0\"?>\n<svg><title>Gnuplot</title><g id=\"a\"/><use xlink:href='#a'/><g "
      "clip=\"url(#a)\"/></svg>",
      "km", "x < y");
  EXPECT_EQ(svg,
            "<svg role=\"img\"><title>x &lt; y</title><g id=\"km_a\"/><use xlink:href='#km_a'/><g "
            "clip=\"url(#km_a)\"/></svg>");
}

class Drawn : public ::testing::Test {
 protected:
  void SetUp() override {
    write_run(folder_ / "a", 0);
    write_run(folder_ / "b", 1);
  }
  std::vector<LabelledRun> runs() {
    return read_runs({folder_ / "a", folder_ / "b"}, {kHostile, "b"});
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Drawn, EveryPictureParsesAndHoldsItsLabels) {
  if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
  const auto document = page(runs(), Selection::last, folder_ / "out");
  int pictures = 0;
  for (const auto& section : document.sections) {
    for (const auto& picture : section.pictures) {
      ++pictures;
      ASSERT_NE(picture.svg, "") << picture.file;
      EXPECT_EQ(unbalanced(picture.svg), "") << picture.file;
      EXPECT_EQ(unbalanced(read_file(folder_ / "out" / (picture.file + ".svg"))), "");
      EXPECT_EQ(read_file(folder_ / "out" / (picture.file + ".png")).substr(1, 3), "PNG");
      EXPECT_GT(CsvTable::read(folder_ / "out" / (picture.file + ".csv")).rows(), 0);
    }
  }
  EXPECT_EQ(pictures, 1 + 2 * 4);
  EXPECT_THAT(document.sections[2].pictures[0].svg, HasSubstr("\\n_x_^2 %d<"));
  const auto svg = document.sections[3].pictures[0].svg;  // the first run's curves
  EXPECT_THAT(svg, HasSubstr("it's {a} &lt;b> &amp; `touch hit` @m"));
  for (const char* text : {"log-rank p", "high risk (n = 4)", "number at risk",
                           "time (unit unknown)", "all reported patients, pooled"})
    EXPECT_THAT(svg, HasSubstr(text));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/figures/hit")) << "a label was executed";
}

TEST_F(Drawn, WithoutGnuplotThePageIsThereAndDataAndScriptsBesideIt) {
  const auto figure =
      survival_figure("survival", kHostile, risk_groups(folder_ / "a", Selection::last), "months");
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  const auto pictures = draw({figure, figure}, folder_ / "figures", "no-such-gnuplot");
  const auto said =
      ::testing::internal::GetCapturedStderr() + ::testing::internal::GetCapturedStdout();
  EXPECT_THAT(said, HasSubstr("install gnuplot-nox"));
  EXPECT_EQ(said.find("hint:"), said.rfind("hint:")) << "once for all figures";
  EXPECT_EQ(pictures[0].svg, "");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "figures/survival_band.csv"));
  EXPECT_THAT(read_file(folder_ / "figures/survival.gp"), HasSubstr("set output 'survival.svg'"));
  Document document{"t"};
  document.sections = {{"figures"}};
  document.sections[0].pictures = pictures;
  EXPECT_THAT(html(document), HasSubstr("not drawn; its data: figures/survival.csv"));
}

TEST_F(Drawn, AFailingProgramLeavesNoOldPicture) {
  std::filesystem::create_directories(folder_ / "figures");
  write_file(folder_ / "figures" / "x.svg", "<svg>old</svg>");
  Figure figure{"x", "x"};
  const auto pictures = draw({figure}, folder_ / "figures", "false");
  EXPECT_EQ(pictures[0].svg, "");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "figures/x.svg"));
}

TEST(Program, RunsWithoutAShell) {
  const testing::TemporaryFolder folder;
  const auto ran = run_program({"echo", "a b", "$HOME; `id`"}, folder.path());
  EXPECT_TRUE(ran.started);
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.output, "a b $HOME; `id`\n");
  EXPECT_EQ(run_program({"pwd"}, folder.path()).output,
            std::filesystem::canonical(folder.path()).string() + "\n");
  EXPECT_EQ(run_program({"false"}, folder.path()).code, 1);
  EXPECT_FALSE(run_program({"no-such-program-here"}, folder.path()).started);
}

}  // namespace
}  // namespace tractrix::report
