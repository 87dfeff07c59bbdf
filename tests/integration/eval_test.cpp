// tractrix eval on the published risks, as a user calls it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/eval_tables.hpp"
#include "support/folder.hpp"
#include "support/program.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"

namespace tractrix {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::kAmil;
using testing::kMcat;
using ::testing::Not;

std::string table() { return (testing::published_risks() / "mcat_iccv.csv").string(); }

std::string of(const std::string& flag, const std::string& model) {
  return " --" + flag + " model=" + model + " --" + flag + " cohort=blca";
}

std::string mcat() {
  return "eval " + table() + " --time survival_months --censorship censorship" + of("only", kMcat);
}

std::string clinical() {
  return " --clinical " + testing::data_folder() + "/tcga/blca/all_clean.csv.gz";
}

TEST(Eval, PrintsEveryStatisticOrItsReason) {
  const auto ran = testing::tractrix(mcat());
  EXPECT_EQ(ran.code, 0) << ran.output;
  // 0.6243 is the mean that MCAT published for this cohort.
  EXPECT_THAT(ran.output, AllOf(HasSubstr("C-index (Harrell)"), HasSubstr("0.6453"),
                                HasSubstr("0.6243"), HasSubstr("comparable"),
                                HasSubstr("C-index (Uno) to"), HasSubstr("AUC, mean over time"),
                                HasSubstr("hazard ratio per SD"), HasSubstr("log-rank")));
  EXPECT_THAT(ran.output,
              AllOf(HasSubstr("no columns S_t1"), HasSubstr("censoring weights (Uno, AUC, Brier)"),
                    HasSubstr("risk groups: above or up to the median risk"), Not(HasSubstr("nan")),
                    Not(HasSubstr("inf"))));
}

TEST(Eval, JsonHoldsThePublishedIndicesToTheLastBit) {
  const auto ran = testing::tractrix(mcat() + " --json");
  ASSERT_EQ(ran.code, 0) << ran.output;
  const Json json = Json::parse(ran.output);
  ASSERT_EQ(json.size(), 1u);
  const auto expected = CsvTable::read(testing::published_risks() / "mcat_iccv_fold_cindex.csv");
  int64_t seen = 0;
  for (int64_t row = 0; row < expected.rows(); ++row) {
    if (expected.at(row, 0) != kMcat || expected.at(row, 1) != "blca") continue;
    const auto fold = static_cast<size_t>(parse_integer(expected.at(row, 2)).value());
    EXPECT_EQ(json[0]["folds"][fold]["c_index"]["value"].get<double>(),
              parse_number(expected.at(row, 3)).value());
    ++seen;
  }
  EXPECT_EQ(seen, 5);
}

TEST(Eval, ComparesTwoModelsPatientByPatient) {
  const std::string against = " --against " + table() + of("against-only", kAmil);
  const auto ran = testing::tractrix(mcat() + against + " --replicates 200 --json");
  ASSERT_EQ(ran.code, 0) << ran.output;
  const Json comparison = Json::parse(ran.output)[0]["comparison"];
  EXPECT_EQ(comparison["folds"].size(), 5u);
  EXPECT_EQ(comparison["pooled"]["patients"], 373);
  EXPECT_TRUE(comparison["bootstrap"]["interval"][0].is_number());
  EXPECT_TRUE(comparison["over_folds"]["wilcoxon"]["exact"].get<bool>());
  const auto text = testing::tractrix(mcat() + against + " --replicates 200 --bootstrap pooled");
  EXPECT_THAT(text.output, AllOf(HasSubstr("pooled difference"), HasSubstr("BCa interval"),
                                 HasSubstr("seed 1"), HasSubstr("Wilcoxon over 5 folds")));
}

TEST(Eval, SubgroupsAndTimesAndCsv) {
  const testing::TemporaryFolder folder;
  const auto ran = testing::tractrix(
      mcat() + clinical() + " --by is_female --by age:60,70 --times 12,24 --tau 30 --csv " +
      (folder / "all.csv").string());
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, AllOf(HasSubstr("is_female"), HasSubstr("2: 60 <= age < 70"),
                                HasSubstr("AUC at 24"), HasSubstr("C-index (Uno) to 30")));
  const auto csv = CsvTable::read(folder / "all.csv");
  EXPECT_GT(csv.rows(), 6 * 7 * 10);  // six sets, seven parts
  EXPECT_TRUE(csv.find("standard_error").has_value());
}

TEST(Eval, MistakesOfTheUserAreNamedWithExitCodeTwo) {
  const auto code_and_text = [](const std::string& arguments, const std::string& text) {
    const auto ran = testing::tractrix(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_THAT(ran.output, HasSubstr(text));
  };
  code_and_text("eval " + table() + of("only", kMcat), "has no column \"time\"");
  code_and_text(mcat() + " --only cohort=nowhere", "no row holds what is asked for");
  code_and_text(mcat() + " --by age", "--clinical TABLE");
  code_and_text(mcat() + clinical() + " --by age", "different values");
  code_and_text(mcat() + clinical() + " --by age:old", "cut point that is no number");
  code_and_text(mcat() + " --tau 0", "tau: must be positive");
  code_and_text(mcat() + " --separator ab", "is no separator");
  code_and_text(mcat() + " --against " + table() + " --against-only model=" + kMcat +
                    " --against-only cohort=luad",
                "patients are not in");
  code_and_text("eval /nowhere/at/all", "/nowhere/at/all");
}

}  // namespace
}  // namespace tractrix
