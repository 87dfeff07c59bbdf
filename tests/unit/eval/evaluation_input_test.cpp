// Degenerate tables: the right value or the right reason, never a number that is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/eval_tables.hpp"
#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/eval/evaluation.hpp"
#include "tractrix/eval/evaluation_json.hpp"

namespace tractrix::eval {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::made_up_source;
using testing::message_of;

// No statistic of the part has a value, and each says why.
void expect_nothing(const Part& part, const Settings& settings) {
  for (const auto& scalar : scalars(part, settings.times)) {
    EXPECT_FALSE(scalar.estimate) << scalar.name;
    EXPECT_FALSE(scalar.estimate.reason.empty()) << scalar.name;
  }
}

TEST(EvaluationInput, OnePatientHasNoStatistic) {
  Source source = made_up_source(1, 1);
  source.predictions.rows[0].event = false;
  const auto evaluation = evaluate(source, {});
  EXPECT_EQ(evaluation.folds.at(0).patients, 1);
  expect_nothing(evaluation.folds[0], evaluation.settings);
  EXPECT_THAT(evaluation.folds[0].c_index.reason, HasSubstr("undefined for 1 patients"));
}

TEST(EvaluationInput, AllCensoredHasNoTimesAndNoStatistic) {
  Source source = made_up_source(30, 2);
  for (auto& row : source.predictions.rows) row.event = false;
  const auto evaluation = evaluate(source, {});
  EXPECT_TRUE(evaluation.settings.times.empty());
  EXPECT_FALSE(evaluation.settings.tau.has_value());
  for (const auto& part : evaluation.folds) expect_nothing(part, evaluation.settings);
  expect_nothing(evaluation.pooled, evaluation.settings);
}

TEST(EvaluationInput, EqualRisksAreChanceWithoutPrecision) {
  Source source = made_up_source(30, 1);
  for (auto& row : source.predictions.rows) row.risk = 0.1;
  const auto part = evaluate(source, {}).folds.at(0);
  EXPECT_EQ(part.c_index->value, 0.5);
  EXPECT_EQ(part.concordance->tied_risk, part.concordance->comparable);
  EXPECT_FALSE(part.c_index->standard_error || part.c_index->interval);
  EXPECT_FALSE(part.no_precision.empty());
  EXPECT_EQ(*part.uno, 0.5);
  EXPECT_THAT(part.hazard_ratio.reason, HasSubstr("all risks of fold 0 are equal"));
  EXPECT_THAT(part.log_rank.reason, HasSubstr("undefined"));
  EXPECT_EQ(part.groups[1].patients, 0);
  EXPECT_FALSE(part.groups[1].restricted_mean);
}

TEST(EvaluationInput, HugeRisksKeepWhatRanksAlone) {
  Source source = made_up_source(30, 1);
  const auto usual = evaluate(source, {}).folds.at(0);
  for (auto& row : source.predictions.rows) row.risk *= 1e300;
  const auto part = evaluate(source, {}).folds.at(0);
  EXPECT_EQ(part.c_index->value, usual.c_index->value);
  EXPECT_THAT(part.hazard_ratio.reason, HasSubstr("too large"));
}

TEST(EvaluationInput, ATimeOutsideOneFoldKeepsTheOthers) {
  Source source = made_up_source(80, 2);
  for (auto& row : source.predictions.rows)
    if (row.fold == 1) row.time = std::fmod(*row.time, 5.0) + 0.001;
  Settings settings;
  settings.times = {2, 8};
  const auto evaluation = evaluate(source, settings);
  EXPECT_TRUE(evaluation.folds[0].auc[1]) << evaluation.folds[0].auc[1].reason;
  EXPECT_TRUE(evaluation.folds[1].auc[0]) << evaluation.folds[1].auc[0].reason;
  EXPECT_THAT(evaluation.folds[1].auc[1].reason, HasSubstr("outside the follow-up"));
  EXPECT_FALSE(evaluation.folds[1].mean_auc);
  EXPECT_TRUE(evaluation.pooled.auc[1]);
}

TEST(EvaluationInput, PatientsInSeveralFoldsAreNotPooled) {
  Source source = made_up_source(40, 2);
  source.predictions.rows[1].id = source.predictions.rows[0].id;
  const auto evaluation = evaluate(source, {});
  EXPECT_TRUE(evaluation.folds[0].c_index && evaluation.folds[1].c_index);
  expect_nothing(evaluation.pooled, evaluation.settings);
  EXPECT_THAT(evaluation.pooled.c_index.reason,
              AllOf(HasSubstr("1 patients are in several folds"), HasSubstr("'P0'")));
}

TEST(EvaluationInput, UnknownLabelsAndSenselessSettingsAreRefusedByName) {
  Source source = made_up_source(10, 1);
  source.predictions.rows[3].time.reset();
  EXPECT_THAT(message_of([&] { evaluate(source, {}); }),
              HasSubstr("made up: 1 patients have no time or event: 'P3'"));
  EXPECT_THAT(message_of([] {
                evaluate({"t", {}, {}, {}}, {});
              }),
              HasSubstr("t: holds no prediction"));
  Settings settings;
  settings.times = {2, 2};
  settings.tau = -1;
  settings.level = 1;
  settings.edges = {1};
  settings.calibration_groups = 0;
  EXPECT_THAT(message_of([&] { evaluate(made_up_source(10, 1), settings); }),
              AllOf(HasSubstr("times: must"), HasSubstr("tau: must"), HasSubstr("level: must"),
                    HasSubstr("edges: must"), HasSubstr("groups: must")));
}

// Every number that is written is finite and every null has a reason beside it.
void check_json(const Json& json, const std::string& where) {
  if (json.is_number_float()) {
    EXPECT_TRUE(std::isfinite(json.get<double>())) << where;
  }
  if (json.is_object() && json.contains("value") && json["value"].is_null()) {
    ASSERT_TRUE(json.contains("reason")) << where;
    EXPECT_FALSE(json["reason"].get<std::string>().empty()) << where;
  }
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) check_json(value, where + "/" + key);
}

TEST(EvaluationJson, SaysAValueOrAReason) {
  Source source = made_up_source(60, 3, 2);
  for (auto& row : source.predictions.rows)
    if (row.fold == 2) row.event = false;
  const Json json = to_json(evaluate(source, {}));
  check_json(json, "");
  EXPECT_EQ(json["folds"].size(), 3u);
  EXPECT_TRUE(json["folds"][0]["c_index"]["value"].is_number());
  EXPECT_TRUE(json["folds"][2]["c_index"]["value"].is_null());
  EXPECT_EQ(json["mean"]["c_index"]["reason"], "no value in fold 2");
  EXPECT_EQ(json["pooled"]["patients"], 60);
}

TEST(EvaluationCsv, HasTheFieldsOfItsHeaderInEveryRow) {
  Source source = made_up_source(60, 3);
  for (auto& row : source.predictions.rows)
    if (row.fold == 2) row.event = false;
  const auto evaluation = evaluate(source, {});
  const auto table = CsvTable::parse(csv_header() + csv_rows("set, one", evaluation), "t.csv");
  const auto metrics = static_cast<int64_t>(evaluation.means.size());
  ASSERT_EQ(table.rows(), 5 * metrics);  // three folds, pooled, mean
  for (int64_t row = 0; row < table.rows(); ++row) {
    EXPECT_EQ(table.at(row, 0), "set, one");
    const bool number = parse_number(table.at(row, table.column("value"))).has_value();
    EXPECT_NE(number, !table.at(row, table.column("reason")).empty()) << table.where(row);
  }
  EXPECT_EQ(parse_number(table.at(0, table.column("value"))), evaluation.folds[0].c_index->value);
}

class ForeignTable : public ::testing::Test {
 protected:
  std::string refusal(const std::string& text, const ColumnMap& map = {}) {
    write_file(folder_ / "p.csv", text);
    return message_of([&] { table_source(folder_ / "p.csv", map); });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(ForeignTable, RefusesWithFileLineAndColumn) {
  const std::string head = "case_id,time,event,risk\n";
  EXPECT_THAT(refusal(head + "A,1,1,0.5\nB,2,0,inf\n"), HasSubstr("p.csv:3: 'risk' is 'inf'"));
  EXPECT_THAT(refusal(head + "A,1,1,0.5\nA,2,0,0.7\n"),
              HasSubstr("p.csv:3: patient 'A' is twice in fold 0"));
  EXPECT_THAT(refusal(head + "A,1,1,0.5\nB;2;0;0.7\n"), HasSubstr("p.csv:3: has 1 fields"));
  EXPECT_THAT(refusal("case_id;time;event;risk\nA;1;1;0.5\n"),
              AllOf(HasSubstr("p.csv:1:"), HasSubstr("is the separator ';'")));
  ColumnMap map;
  map.separator = ';';
  EXPECT_THAT(refusal("case_id;time;event;risk\nA;1,5;1;0.5\n", map),
              HasSubstr("p.csv:2: 'time' is '1,5'"));
  map.only = {{"cohort", "x"}};
  EXPECT_THAT(refusal("case_id;time;event;risk\nA;1;1;0.5\n", map),
              HasSubstr("no column \"cohort\""));
  map.only = {{"case_id", "x"}};
  EXPECT_THAT(refusal("case_id;time;event;risk\nA;1;1;0.5\n", map),
              HasSubstr("no row holds what is asked for"));
}

TEST_F(ForeignTable, OnlyTheRowsAskedForAreRead) {
  write_file(folder_ / "p.csv",
             "model,case_id,time,event,risk\na,A,1,1,0.5\nb,A,1,1,broken\na,B,2,0,0.25\n");
  ColumnMap map;
  map.only = {{"model", "a"}};
  const auto source = table_source(folder_ / "p.csv", map);
  ASSERT_EQ(source.predictions.rows.size(), 2u);
  EXPECT_EQ(source.predictions.rows[1].risk, 0.25);
}

TEST_F(ForeignTable, AMillionRowsKeepWhatNeedsNoPairs) {
  write_file(folder_ / "p.csv", [](const Sink& sink) {
    sink("case_id,time,event,risk\n");
    for (int64_t i = 0; i < 1'000'000; ++i) {
      const auto n = std::to_string(i);
      sink(n + "," + n + ",1," + std::to_string(1'000'000 - i) + "\n");
    }
  });
  const auto source = table_source(folder_ / "p.csv");
  ASSERT_EQ(source.predictions.rows.size(), 1'000'000u);
  const auto part = evaluate(source, {}).folds.at(0);
  ASSERT_TRUE(part.c_index);
  EXPECT_EQ(part.c_index->value, 1.0);
  EXPECT_EQ(part.concordance->comparable, 499'999'500'000);
  EXPECT_THAT(part.no_precision, HasSubstr("not computed for more than 20000 patients"));
  EXPECT_THAT(part.uno.reason, HasSubstr("20000"));
  EXPECT_EQ(*part.mean_auc, 1.0);
}

}  // namespace
}  // namespace tractrix::eval
