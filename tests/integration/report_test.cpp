// Reports through the executable: tables in four formats.
#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TemporaryFolder;
using testing::tractrix;

const std::string kSource = testing::source_folder();

// Two short runs on UCEC's real table, trained once for all tests.
class Report : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    for (const std::string name : {"snn", "mlp"}) {
      const auto ran = tractrix("-q crossval " + kSource + "/configs/" + name +
                                "/ucec.yaml run.out=" + folder_->path().string() +
                                " run.threads=1 train.epochs=2");
      ASSERT_EQ(ran.code, 0) << ran.output;
    }
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string run(const std::string& name) { return (*folder_ / (name + "_ucec")).string(); }
  static TemporaryFolder* folder_;
};
TemporaryFolder* Report::folder_ = nullptr;

TEST_F(Report, PrintsMarkdownWithoutAFolder) {
  const auto ran = tractrix("report " + run("snn") + " " + run("mlp") + " --label 'S|N' --label M");
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("| S\\|N |"));
  EXPECT_THAT(ran.output, HasSubstr("population standard deviation"));
  EXPECT_THAT(ran.output, HasSubstr("missing"));
  EXPECT_THAT(ran.output, HasSubstr("**0."));
  EXPECT_THAT(ran.output, HasSubstr("genomics: training patients of each fold"));
  EXPECT_THAT(ran.output, HasSubstr("crossval " + kSource + "/configs/mlp/ucec.yaml"));
  EXPECT_THAT(ran.output, Not(HasSubstr("no real slide features"))) << "there are no bags here";
}

TEST_F(Report, WritesEveryFormatIntoAFolder) {
  const auto out = *folder_ / "out";
  const auto ran = tractrix("report " + run("snn") + " " + run("mlp") + " --out " + out.string());
  ASSERT_EQ(ran.code, 0) << ran.output;
  const auto table = CsvTable::read(out / "report.csv");
  EXPECT_EQ(table.rows(), 6);
  EXPECT_EQ(table.at(0, table.column("patients")), "480");
  EXPECT_THAT(read_file(out / "report.md"), HasSubstr("| snn_ucec |"));
  EXPECT_THAT(read_file(out / "report.tex"), HasSubstr("snn\\_ucec & ucec & 480 & 75 & 5 & "));
  EXPECT_THAT(read_file(out / "report.html"), HasSubstr("<td>snn_ucec</td>"));
}

TEST_F(Report, FiguresAreOnThePageAndBesideIt) {
  const auto out = *folder_ / "figures_out";
  const auto ran = tractrix("report " + run("snn") + " --out " + out.string() + " --format html");
  ASSERT_EQ(ran.code, 0) << ran.output;
  const auto page = read_file(out / "report.html");
  EXPECT_THAT(page, HasSubstr("the fold&#39;s training patients")) << "crossval keeps their risks";
  EXPECT_THAT(page, HasSubstr("Resolved config: snn_ucec"));
  const auto curves = CsvTable::read(out / "figures" / "survival.csv");
  int64_t patients = 0;
  for (int64_t row = 0; row < curves.rows(); ++row) {
    patients += *parse_integer(curves.at(row, curves.column("events"))) +
                *parse_integer(curves.at(row, curves.column("censored")));
  }
  EXPECT_EQ(patients, 480);
  EXPECT_GT(CsvTable::read(out / "figures" / "history.csv").rows(), 9);  // 5 folds, 2 epochs
  EXPECT_GT(CsvTable::read(out / "figures" / "auc.csv").rows(), 5);
  if (testing::shell("gnuplot --version").code != 0) {
    EXPECT_THAT(ran.output, HasSubstr("gnuplot is not installed"));
    EXPECT_THAT(page, HasSubstr("not drawn; its data: figures/survival.csv"));
    return;
  }
  EXPECT_THAT(page, HasSubstr("<svg role=\"img\""));
  for (const char* file : {"survival.svg", "survival.png", "history.svg", "auc.svg"})
    EXPECT_TRUE(std::filesystem::exists(out / "figures" / file)) << file;
}

TEST_F(Report, WithoutGnuplotThereIsOneWarningAndThePage) {
  const auto out = *folder_ / "undrawn";
  const auto ran = testing::shell("PATH=/nowhere " + testing::program_file() + " report " +
                                  run("snn") + " " + run("mlp") + " --out " + out.string());
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("install gnuplot-nox"));
  EXPECT_EQ(ran.output.find("hint:"), ran.output.rfind("hint:"));
  EXPECT_THAT(read_file(out / "report.html"), HasSubstr("not drawn; its data: figures/survival_2"));
  EXPECT_TRUE(std::filesystem::exists(out / "figures" / "comparison.gp"));
}

TEST_F(Report, ATableSetsPublishedValuesBesideRuns) {
  const auto table = kSource + "/configs/tables/genomics_baselines.yaml";
  const auto ran = tractrix("report " + folder_->path().string() + " --table " + table);
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("minus row SNN, MCAT's stored runs, last epoch"));
  EXPECT_THAT(ran.output, HasSubstr("no run snn_blca;"));
  EXPECT_THAT(ran.output, HasSubstr(" (p = "));
  const auto label = tractrix("report " + run("snn") + " --label a --table " + table);
  EXPECT_EQ(label.code, 2);
  EXPECT_THAT(label.output, HasSubstr("labels are written in the table's file"));
}

TEST_F(Report, MistakesAreNamed) {
  const auto format = tractrix("report " + run("snn") + " --format md,pdf");
  EXPECT_EQ(format.code, 2);
  EXPECT_THAT(format.output, HasSubstr("there is no format 'pdf'"));
  const auto run = tractrix("report " + folder_->path().string());
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.output, HasSubstr("is no run: it has no run.json"));
}

}  // namespace
}  // namespace tractrix
