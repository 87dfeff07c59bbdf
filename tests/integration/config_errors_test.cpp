// What a user sees after a mistake: one message with location, fact and hint, exit code 2, nothing
// written.
#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::tractrix;

const std::string kSource = testing::source_folder();

TEST(Mistakes, AWrongKeyIsProposed) {
  const auto ran = tractrix("crossval " + kSource +
                            "/configs/snn/blca.yaml train.epoch=3 train.lr=-1 data.bins.fit=fold");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("unknown key 'train.epoch' (did you mean 'epochs'?)"),
                                HasSubstr("'train.lr' must be > 0, got -1"),
                                HasSubstr("'data.bins.fit' must be one of train_fold, cohort")));
}

TEST(Mistakes, AWrongPathIsNamed) {
  EXPECT_THAT(tractrix("crossval none.yaml").output, HasSubstr("none.yaml: there is no such file"));
  const auto ran = tractrix("crossval " + kSource + "/configs/snn/blca.yaml data.table=none.csv");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("none.csv"));
}

TEST(Mistakes, AMissingFoldIsNamed) {
  const auto ran =
      tractrix("train " + kSource + "/configs/snn/ucec.yaml --fold 7 run.out=/nonexistent");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("the split has the folds 0 to 4"));
}

TEST(Mistakes, PatientsOnBothSidesStopTheRun) {
  TemporaryFolder folder;
  write_file(
      folder / "table.csv",
      "case_id,survival_months,censorship,TP53_rnaseq\nA,1,0,1\nB,2,1,2\nC,3,0,3\nD,4,0,1\n");
  write_file(folder / "splits_0.csv", ",train,val\n0,A,B\n1,B,C\n2,D,\n");
  write_file(folder / "c.yaml",
             "recipe: {name: fusion, omics: {encoder: linear}, head: cox}\n"
             "data: {cohort: x, table: table.csv, inputs: {genomics: {select: suffixes}}}\nsplit: "
             "{folder: ., folds: 1}\ntrain: {window: 8}\n");
  const auto ran = tractrix("crossval " + (folder / "c.yaml").string());
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("1 patients are on both sides: B"));
}

TEST(Mistakes, EveryDefectOfATableIsListed) {
  TemporaryFolder folder;
  write_file(folder / "table.csv",
             "case_id,slide_id,survival_months,censorship\nA,a.svs,1,0\nA,a2.svs,2,0\nB,b.svs,,"
             "1\nC,c.svs,-3,1\nD,a.svs,4,2\n");
  write_file(folder / "c.yaml", "data: {cohort: x, table: table.csv}\n");
  const auto ran = tractrix("data check " + (folder / "c.yaml").string());
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("table.csv:3: patient 'A' has another time"),
                                HasSubstr("table.csv:4: the time 'survival_months' is missing"),
                                HasSubstr("table.csv:5: the time 'survival_months' is negative"),
                                HasSubstr("table.csv:6: 'censorship' is '2'")));
}

TEST(Configs, EveryShippedConfigIsValid) {
  int checked = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource + "/configs")) {
    const auto folder = entry.path().parent_path().filename();
    if (entry.path().extension() != ".yaml" || folder == "base" || folder == "cohorts") continue;
    if (folder == "tables") continue;  // for `report --table`: the tests of room report read them
    const auto ran = tractrix("config check " + entry.path().string());
    EXPECT_EQ(ran.code, 0) << ran.output;
    ++checked;
  }
  EXPECT_GT(checked, 15);
}

// What a run keeps of its config is read again by resume, predict and eval.
TEST(Configs, AResolvedConfigWithStagesIsAConfig) {
  const TemporaryFolder folder;
  const auto file = folder / "resolved.yaml";
  const auto shown = tractrix("config show " + kSource + "/configs/must/blca.yaml");
  ASSERT_EQ(shown.code, 0) << shown.output;
  write_file(file, shown.output);
  const auto again = tractrix("config show " + file.string());
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("warmup:"));
}

TEST(Program, HelpVersionAndListsWork) {
  EXPECT_THAT(tractrix("--version").output, HasSubstr("0.1.0"));
  EXPECT_EQ(tractrix("--help").code, 0);
  EXPECT_EQ(tractrix("").code, 2);
  EXPECT_THAT(tractrix("ls").output, HasSubstr("fusion"));
  EXPECT_THAT(tractrix("ls fusion").output, HasSubstr("recipe.omics.encoder"));
  EXPECT_THAT(tractrix("ls encoders").output, HasSubstr("fusion\trecipe.omics.encoder\tnone | "));
  EXPECT_THAT(tractrix("ls losses").output, HasSubstr("fusion\trecipe.head\tnll | ce | cox"));
  EXPECT_THAT(tractrix("ls fusio").output, HasSubstr("did you mean 'fusion'?"));
  EXPECT_EQ(tractrix("doctor").code, 0);
}

}  // namespace
}  // namespace tractrix
