// Tables as SurvPath has them: slides with several end points, RNA with the patients as an unnamed
// index and bare gene symbols, pathways as columns of symbols, folds. Values are made up.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/cohort.hpp"
#include "tractrix/data/splits.hpp"

namespace tractrix::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

class SurvPath : public ::testing::Test {
 protected:
  SurvPath() {
    write_file(folder_ / "metadata.csv",
               ",case_id,slide_id,age,survival_months,survival_months_dss,censorship,"
               "censorship_dss,train\n"
               "0,P1,P1-DX1.svs,60,24.5,20.5,0,1,1.0\n1,P1,P1-DX2.svs,60,24.5,20.5,0,1,1.0\n"
               "2,P2,P2-DX1.svs,61,3.0,3.0,0,0,1.0\n3,P3,P3-DX1.svs,62,9.0,9.0,1,1,0.0\n");
    rna("P2,1,2,3\nP1,4,5,6\nP3,7,8,9\nP9,0,0,0\n");
    write_file(folder_ / "signatures.csv", "Repair,Growth\nTP53,EGFR\nBRCA1,TP53\nMYC,\n");
    write_file(folder_ / "splits_0.csv", ",train,val\n0,P1,P3\n1,P2,\n");
    options_.cohort = "own";
    options_.table = folder_ / "metadata.csv";
    options_.label.time = "survival_months_dss";
    options_.label.censorship = "censorship_dss";
    auto& input = options_.inputs["rna"];
    input.table = folder_ / "rna_clean.csv";
    input.signatures = folder_ / "signatures.csv";
    input.suffixes = {""};
  }
  void rna(const std::string& rows) {
    write_file(folder_ / "rna_clean.csv", ",TP53,BRCA1,EGFR\n" + rows);
  }
  InputOptions& input() { return options_.inputs["rna"]; }
  at::Tensor values() { return Cohort::load(options_).vectors().at("rna").values; }

  TemporaryFolder folder_;
  DataOptions options_;
};

TEST_F(SurvPath, PatientsAreFoundInAnUnnamedIndexColumn) {
  const auto cohort = Cohort::load(options_);
  EXPECT_EQ(cohort.size(), 3u);
  EXPECT_EQ(cohort.events(), 1u);
  EXPECT_THAT(cohort.patients()[0].slides, ElementsAre("P1-DX1", "P1-DX2"));
  EXPECT_EQ(cohort.patients()[0].time, 20.5);
  const auto& rna = cohort.vectors().at("rna");
  EXPECT_THAT(rna.choice.columns, ElementsAre("TP53", "BRCA1", "EGFR"));
  EXPECT_THAT(rna.choice.groups.at("Repair"), ElementsAre(1, 0));
  EXPECT_THAT(rna.choice.groups.at("Growth"), ElementsAre(2, 0));
  EXPECT_TRUE(at::equal(
      rna.values, at::tensor({4., 5., 6., 1., 2., 3., 7., 8., 9.}, at::kDouble).reshape({3, 3})));
  SplitOptions splits;
  splits.folder = folder_.path();
  splits.folds = 1;
  const auto folds = read_splits(splits, cohort, Seed(1)).folds;
  EXPECT_THAT(folds[0].train, ElementsAre("P1", "P2"));
  EXPECT_THAT(folds[0].val, ElementsAre("P3"));
}

TEST_F(SurvPath, ANamedColumnIsNeverReplacedByTheIndex) {
  input().id = "patient";
  EXPECT_THAT(message_of([&] { Cohort::load(options_); }), HasSubstr("patient"));
}

TEST_F(SurvPath, PatientsWithoutRnaNeedAPolicy) {
  rna("P2,1,2,3\nP1,4,5,6\n");
  EXPECT_THAT(message_of([&] { Cohort::load(options_); }),
              HasSubstr("1 patients without a value: P3"));
  input().missing = Missing::drop_patient;
  EXPECT_EQ(Cohort::load(options_).size(), 2u);
}

TEST_F(SurvPath, RowsOfOnePatientThatDifferNeedAPolicy) {
  rna("P2,1,2,3\nP1,4,5,6\nP3,7,8,9\nP2,3,2,5\nP1,4,5,6\n");
  EXPECT_THAT(message_of([&] { Cohort::load(options_); }),
              HasSubstr("1 patients have rows that differ: P2"));
  input().repeated = Repeated::first;
  EXPECT_TRUE(at::equal(values()[1], at::tensor({1., 2., 3.}, at::kDouble)));
  EXPECT_THAT(Cohort::load(options_).notes(), ElementsAre(HasSubstr("-> the first is taken")));
  input().repeated = Repeated::mean;
  EXPECT_TRUE(at::equal(values()[1], at::tensor({2., 2., 4.}, at::kDouble)));
  EXPECT_TRUE(at::equal(values()[0], at::tensor({4., 5., 6.}, at::kDouble)));
}

TEST_F(SurvPath, AMissingCellOfARepeatedRowStaysMissing) {
  rna("P2,1,2,3\nP2,NA,2,3\nP1,4,5,6\nP3,7,8,9\n");
  EXPECT_THAT(message_of([&] { Cohort::load(options_); }), HasSubstr("rows that differ: P2"));
  input().repeated = Repeated::mean;
  EXPECT_THAT(message_of([&] { Cohort::load(options_); }), HasSubstr("without a value: P2"));
}

TEST_F(SurvPath, ThePatientOnBothSidesOfAFoldIsNamed) {
  write_file(folder_ / "splits_0.csv", ",train,val\n0,P1,P3\n1,P2,P1\n");
  SplitOptions splits;
  splits.folder = folder_.path();
  splits.folds = 1;
  const auto cohort = Cohort::load(options_);
  EXPECT_THAT(message_of([&] { read_splits(splits, cohort, Seed(1)); }),
              HasSubstr("1 patients are on both sides: P1"));
}

}  // namespace
}  // namespace tractrix::data
