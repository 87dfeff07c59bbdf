// Bags through the executable: synthetic bags, training, the banner, hostile files.
#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::tractrix;

const std::string kSource = testing::source_folder();

TEST(Bags, SyntheticBagsTrainAndAreCalledSynthetic) {
  TemporaryFolder folder;
  const std::string bags = (folder / "bags.h5").string();
  const auto made =
      tractrix("data synth " + kSource + "/configs/cohorts/blca.yaml --columns 16 --out " + bags);
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_THAT(made.output, HasSubstr("437 synthetic bags of 16 columns"));
  const auto ran =
      tractrix("crossval " + kSource +
               "/configs/abmil/blca_synthetic.yaml data.inputs.pathology.features=" + bags +
               " run.out=" + folder.path().string() + " run.name=a train.epochs=2 --fold 0");
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("no real slide features were used"));
  EXPECT_THAT(read_file(folder / "a" / "summary.md"),
              HasSubstr("no real slide features were used"));
  const auto report = tractrix("report " + (folder / "a").string() + " --format html");
  ASSERT_EQ(report.code, 0) << report.output;
  EXPECT_THAT(report.output, HasSubstr("class=\"banner\">no real slide features were used"));
}

TEST(Bags, SyntheticGeneBagsAreReadByPathway) {
  TemporaryFolder folder;
  const std::string signatures = testing::data_folder() + "/tcga/signatures.csv";
  write_file(folder / "t.csv",
             "case_id,slide_id,survival_months,censorship\nA,a.svs,1,0\nB,b.svs,2,1\n");
  write_file(folder / "c.yaml",
             "data: {cohort: x, table: t.csv, inputs: {genes: {kind: genes, features: g, "
             "signatures: " +
                 signatures + "}}}\n");
  const std::string config = (folder / "c.yaml").string();
  const auto made = tractrix("data synth " + config + " --genes " + signatures +
                             " --columns 4 --out " + (folder / "g").string());
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_THAT(made.output, HasSubstr("2 synthetic gene bags of 4 columns"));
  const auto ran = tractrix("data check " + config);
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("2 files, Tumor Suppressor Genes 82, Oncogenes 328"));
}

TEST(Bags, AMissingSlideIsNamedUnlessAPolicySaysOtherwise) {
  TemporaryFolder folder;
  write_file(folder / "t.csv",
             "case_id,slide_id,survival_months,censorship\nA,a.svs,1,0\nB,b.svs,2,1\n");
  std::filesystem::create_directory(folder / "f");
  std::filesystem::copy_file(testing::data_folder() + "/feature_files/valid/h5/contiguous.h5",
                             folder / "f" / "a.h5");
  write_file(folder / "c.yaml",
             "data: {cohort: x, table: t.csv, inputs: {pathology: {kind: bag, features: f}}}\n");
  const auto ran = tractrix("data check " + (folder / "c.yaml").string());
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("no features for 1 slides: b (B)"));
  const auto dropped = tractrix("data check " + (folder / "c.yaml").string() +
                                " data.inputs.pathology.missing=drop_patient");
  EXPECT_EQ(dropped.code, 0) << dropped.output;
  EXPECT_THAT(dropped.output, HasSubstr("left out"));
}

TEST(Bags, ABrokenFileStopsBeforeTraining) {
  TemporaryFolder folder;
  write_file(folder / "t.csv",
             "case_id,slide_id,survival_months,censorship\nA,a.svs,1,0\nB,b.svs,2,1\n");
  std::filesystem::create_directory(folder / "f");
  const std::string invalid = testing::data_folder() + "/feature_files/invalid/";
  std::filesystem::copy_file(invalid + "pt/reduce_os_system.pt", folder / "f" / "a.pt");
  write_file(
      folder / "f" / "b.h5",
      read_file(testing::data_folder() + "/feature_files/valid/h5/contiguous.h5").substr(0, 3000));
  write_file(folder / "c.yaml",
             "data: {cohort: x, table: t.csv, inputs: {pathology: {kind: bag, features: f}}}\n");
  const auto ran = tractrix("data check " + (folder / "c.yaml").string());
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("a.pt: holds a pickle that names os.system"));
  EXPECT_THAT(ran.output, HasSubstr("b.h5:"));
}

}  // namespace
}  // namespace tractrix
