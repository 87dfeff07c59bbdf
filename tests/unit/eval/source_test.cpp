#include "tractrix/eval/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/eval_tables.hpp"
#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/safetensors.hpp"
#include "tractrix/eval/evaluation.hpp"

namespace tractrix::eval {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::made_up_source;
using testing::message_of;

// A run's folder with two folds, the second one without a best epoch, and an unfinished third.
class RunSource : public ::testing::Test {
 protected:
  RunSource() {
    write_file(run_ / "run.json", "{}");
    fold("fold_0", 0, {"last", "best"});
    fold("fold_1", 1, {"last"});
    std::filesystem::create_directories(run_ / "fold_2");
  }

  void fold(const std::string& name, int64_t number, const std::vector<std::string>& selections) {
    std::filesystem::create_directories(run_ / name);
    Predictions rows;
    for (const auto& row : made_up_source(60, 2, 2).predictions.rows)
      if (row.fold == number) rows.rows.push_back(row);
    for (const auto& selection : selections) {
      write_predictions(run_ / name / ("predictions_" + selection + ".csv"), rows);
      const Json preparation{{"edges", {0, 5, 10 + number}}};
      write_safetensors(run_ / name / (selection + ".safetensors"), {},
                        {{"preparation", preparation.dump()}});
    }
  }

  void training(const std::string& name, const std::string& text) {
    write_file(run_ / name, "case_id,fold,time,event,risk\n" + text);
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path run_ = folder_.path();
};

TEST_F(RunSource, HasTheFoldsOfTheSelectionAndTheirEdges) {
  EXPECT_THAT(selections_of(run_), ElementsAre("last", "best"));
  const auto last = run_source(run_, "last");
  EXPECT_EQ(last.predictions.rows.size(), 60u);
  EXPECT_THAT(last.folds.at(0).edges, ElementsAre(0, 5, 10));
  EXPECT_THAT(last.folds.at(1).edges, ElementsAre(0, 5, 11));
  EXPECT_THAT(last.unfinished, ElementsAre(2));
  EXPECT_THAT(last.where, AllOf(HasSubstr(run_.string()), HasSubstr(", last")));
  const auto best = run_source(run_, "best");
  EXPECT_EQ(best.predictions.rows.size(), 30u);
  EXPECT_THAT(best.unfinished, ElementsAre(1, 2));
  EXPECT_THAT(evaluate(last, {}).notes.at(0), HasSubstr("without predictions: fold 2"));
}

TEST_F(RunSource, TrainingRisksAreThoseOfTheSelectionLabelsAreOfAny) {
  training("fold_0/predictions_last_train.csv", "a,0,1,1,0.5\nb,0,2,0,0.25\n");
  const auto last = run_source(run_, "last").folds;
  EXPECT_THAT(last.at(0).training.time, ElementsAre(1, 2));
  EXPECT_THAT(last.at(0).training.event, ElementsAre(1, 0));
  EXPECT_THAT(last.at(0).training_risk, ElementsAre(0.5, 0.25));
  EXPECT_TRUE(last.at(1).training.time.empty());
  const auto best = run_source(run_, "best").folds.at(0);
  EXPECT_THAT(best.training.time, ElementsAre(1, 2));
  EXPECT_TRUE(best.training_risk.empty());
}

TEST_F(RunSource, RefusesWhatIsNoRunOrDamaged) {
  EXPECT_THAT(message_of([&] { run_source(run_, "inner"); }),
              HasSubstr("no fold has predictions of the selection 'inner'"));
  EXPECT_THAT(message_of([&] { selections_of(run_ / "fold_0"); }), HasSubstr("is no run"));
  write_file(run_ / "fold_0" / "last.safetensors", "short");
  EXPECT_THAT(message_of([&] { run_source(run_, "last"); }), HasSubstr("is no safetensors file"));
  write_safetensors(run_ / "fold_0" / "last.safetensors", {}, {});
  EXPECT_THAT(message_of([&] { run_source(run_, "last"); }), HasSubstr("bin edges cannot be read"));
  std::filesystem::remove(run_ / "fold_0" / "last.safetensors");
  EXPECT_TRUE(run_source(run_, "last").folds.at(0).edges.empty());
}

class CohortTable : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) {
    write_file(folder_ / "cohort.csv", text);
    return folder_ / "cohort.csv";
  }
  testing::TemporaryFolder folder_;
};

TEST_F(CohortTable, TrainingPatientsAreThoseThatTheFoldDoesNotEvaluate) {
  Source source = made_up_source(4, 2);  // P0, P2 in fold 0
  const auto file = write("case_id,months,c\nP0,1,1\nP1,2,0\nP1,2,0\nP2,3,0\nP3,4,1\nX,5,0\n");
  ColumnMap map;
  map.time = "months";
  map.censorship = "c";
  add_training(source, file, map);
  EXPECT_THAT(source.folds.at(0).training.time, ElementsAre(2, 4, 5));
  EXPECT_THAT(source.folds.at(0).training.event, ElementsAre(1, 0, 1));
  EXPECT_THAT(source.folds.at(1).training.time, ElementsAre(1, 3, 5));
}

TEST_F(CohortTable, DefectsAreNamedWithTheirLine) {
  Source source = made_up_source(4, 1);
  EXPECT_THAT(message_of([&] {
                add_training(source, write("case_id,time,event\nX,1,1\nX,2,1\nY,,1\nZ,1,2\n"), {});
              }),
              AllOf(HasSubstr("cohort.csv:3: contradicts"), HasSubstr("cohort.csv:4:"),
                    HasSubstr("cohort.csv:5:")));
  EXPECT_THAT(message_of([&] { add_training(source, write("case_id,time,event\nP0,1,1\n"), {}); }),
              HasSubstr("fold 0 evaluates every patient"));
}

TEST_F(CohortTable, SubgroupsFollowAColumnOrItsCutPoints) {
  const auto file = write("case_id,sex,age\nP0,m,50\nP0,m,50\nP1,f,64.5\nP2,,65\nP3,m,80\n");
  const auto sex = read_grouping(file, "case_id", "sex", {});
  EXPECT_EQ(sex.value.at("P1"), "f");
  EXPECT_EQ(sex.value.at("P2"), "(not known)");
  const auto age = read_grouping(file, "case_id", "age", {60, 65});
  EXPECT_EQ(age.value.at("P0"), "1: age < 60");
  EXPECT_EQ(age.value.at("P1"), "2: 60 <= age < 65");
  EXPECT_EQ(age.value.at("P2"), "3: age >= 65");
}

TEST_F(CohortTable, SubgroupColumnsThatMakeNoSenseAreRefused) {
  const auto file = write("case_id,sex,age\nP0,m,50\nP0,f,50\nP1,f,old\n");
  EXPECT_THAT(message_of([&] { read_grouping(file, "case_id", "sex", {}); }),
              HasSubstr("cohort.csv:3: 'sex' of patient 'P0' is 'f', 'm' in an earlier row"));
  EXPECT_THAT(message_of([&] { read_grouping(file, "case_id", "age", {60}); }),
              HasSubstr("cohort.csv:4: 'age' is 'old'"));
  EXPECT_THAT(message_of([&] { read_grouping(file, "case_id", "stage", {}); }),
              HasSubstr("no column \"stage\""));
  EXPECT_THAT(message_of([&] {
                read_grouping(file, "case_id", "age", {60, 50});
              }),
              HasSubstr("must ascend"));
  std::string many = "case_id,age\n";
  for (int i = 0; i < 13; ++i) many += "P" + std::to_string(i) + "," + std::to_string(i) + "\n";
  EXPECT_THAT(message_of([&] { read_grouping(write(many), "case_id", "age", {}); }),
              AllOf(HasSubstr("13 different values"), HasSubstr("--by age:50,65")));
}

TEST(Subgroups, AreTheirOwnPatientsWithTheThresholdsOfAll) {
  const auto source = made_up_source(90, 3);
  Grouping grouping{"side", {}};
  for (const auto& row : source.predictions.rows)
    grouping.value[row.id] = row.risk > 0 ? "right" : "left";
  const auto groups = evaluate_subgroups(source, {}, grouping);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].value, "left");
  const auto& left = groups[0].evaluation.pooled;
  EXPECT_EQ(left.patients + groups[1].evaluation.pooled.patients, 90);
  // The index of the subgroup's patients alone.
  Source alone = source;
  std::erase_if(alone.predictions.rows, [](const auto& row) { return row.risk > 0; });
  EXPECT_EQ(left.c_index->value, evaluate(alone, {}).pooled.c_index->value);
  // All of them are below the medians of the whole folds or nearly so, not half of them.
  EXPECT_GT(left.groups[0].patients, 5 * left.groups[1].patients);
  EXPECT_EQ(groups[0].evaluation.settings.times, evaluate(source, {}).settings.times);
  grouping.value.erase("P7");
  EXPECT_THAT(message_of([&] { evaluate_subgroups(source, {}, grouping); }),
              HasSubstr("1 patients are not in the clinical table: 'P7'"));
}

TEST(Subgroups, OfNobodyInAFoldKeepTheOthers) {
  const auto source = made_up_source(60, 2);
  Grouping grouping{"g", {}};
  for (const auto& row : source.predictions.rows)
    grouping.value[row.id] = row.fold == 0 ? "a" : "b";
  const auto groups = evaluate_subgroups(source, {}, grouping);
  const auto& first = groups.at(0).evaluation;
  EXPECT_TRUE(first.folds[0].c_index && first.pooled.c_index);
  EXPECT_EQ(first.folds[1].patients, 0);
  EXPECT_FALSE(first.folds[1].c_index || first.folds[1].uno || first.folds[1].log_rank);
  EXPECT_EQ(first.means[0].spread.reason, "no value in fold 1");
}

}  // namespace
}  // namespace tractrix::eval
