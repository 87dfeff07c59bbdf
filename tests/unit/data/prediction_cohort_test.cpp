// A cohort a model has never seen: labels may be missing, columns and levels are found by name.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/fold_view.hpp"

namespace tractrix::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

DataOptions options_of(const std::filesystem::path& table) {
  DataOptions options;
  options.cohort = "small";
  options.table = table;
  auto& input = options.inputs["clinical"];
  input.select = Select::columns;
  input.columns = {"age", "stage"};
  input.categorical = {"stage"};
  return options;
}

class PredictionCohort : public ::testing::Test {
 protected:
  std::shared_ptr<const Cohort> cohort(const std::string& rows, const std::string& columns =
                                                                    "case_id,survival_months,"
                                                                    "censorship,age,stage") {
    write_file(folder_ / "t.csv", columns + "\n" + rows);
    return std::make_shared<Cohort>(
        Cohort::load(options_of(folder_ / "t.csv"), Labelling::optional));
  }
  Preparation trained() {
    const auto all = cohort("A,1,0,40,I\nB,2,0,50,II\nC,3,0,60,III\nD,4,1,70,I\n");
    return Preparation::fit(*all, {"A", "B", "C", "D"});
  }
  TemporaryFolder folder_;
};

TEST_F(PredictionCohort, RowsWithoutALabelAreNotedAndHaveNoTargets) {
  const auto preparation = trained();
  const auto mixed = cohort("A,1,0,40,I\nB,,1,50,II\nC,3,NA,60,III\n");
  ASSERT_EQ(mixed->notes().size(), 1u);
  EXPECT_THAT(mixed->notes()[0], HasSubstr("2 of 3 patients have no label"));
  EXPECT_THAT(mixed->notes()[0], HasSubstr("B, C"));
  EXPECT_TRUE(mixed->patients()[0].labelled);
  EXPECT_FALSE(mixed->patients()[1].labelled);
  EXPECT_THAT(mixed->row_times(), ElementsAre(1));
  const FoldView view(mixed, preparation, nullptr);
  EXPECT_TRUE(view.read({"A"}, Seed(1)).targets.has("time"));
  EXPECT_TRUE(view.read({"A", "B"}, Seed(1)).targets.empty());
  EXPECT_THAT(message_of([&] { Cohort::load(options_of(folder_ / "t.csv")); }),
              HasSubstr("t.csv:3: the time 'survival_months' is missing"));
}

TEST_F(PredictionCohort, LabelsThatContradictEachOtherStayErrors) {
  EXPECT_THAT(message_of([&] { cohort("A,1,0,40,I\nA,,,40,I\n"); }),
              HasSubstr("another time or status"));
  EXPECT_THAT(message_of([&] { cohort("A,-1,0,40,I\n"); }), HasSubstr("is negative"));
}

TEST_F(PredictionCohort, LevelsAreFoundByName) {
  const auto preparation = trained();
  const auto fewer = cohort("X,II,50\nY,I,60\n", "case_id,stage,age");
  const FoldView view(fewer, preparation, nullptr);
  const auto batch = view.read({"X", "Y"}, Seed(1));
  // The columns age, stage=I, stage=II, stage=III of training; III is nobody's level here.
  const auto& scaler = preparation.vectors.at("clinical").scaler;
  const auto raw = at::tensor({50.0, 0.0, 1.0, 0.0, 60.0, 1.0, 0.0, 0.0}, at::kDouble);
  EXPECT_TRUE(
      at::equal(batch.inputs.at("clinical"), scaler.apply(raw.reshape({2, 4})).to(at::kFloat)));
  const auto fresh = cohort("X,IV,50\n", "case_id,stage,age");
  EXPECT_THAT(message_of([&] { FoldView(fresh, preparation, nullptr); }),
              HasSubstr("levels the model was not trained on: stage=IV"));
}

TEST_F(PredictionCohort, AbsentColumnsAreOneErrorOrTheTrainingMean) {
  auto preparation = trained();
  auto& columns = preparation.vectors["clinical"].choice.columns;
  columns[0] = "weight";
  const auto other = cohort("X,II,50\n", "case_id,stage,age");
  EXPECT_THAT(message_of([&] { FoldView(other, preparation, nullptr); }),
              HasSubstr("lacks 1 of 4 columns the model was trained on: weight"));
  const FoldView view(other, preparation, nullptr, AbsentColumns::train_mean);
  const auto row = view.read({"X"}, Seed(1)).inputs.at("clinical");
  EXPECT_EQ(row[0][0].item<float>(), 0.0f);
  EXPECT_GT(row[0][2].item<float>(), 0.0f);
}

}  // namespace
}  // namespace tractrix::data
