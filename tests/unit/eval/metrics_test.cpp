#include "tractrix/eval/metrics.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>

#include "support/cases.hpp"
#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::eval {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;

const std::filesystem::path kRisks =
    std::filesystem::path(testing::data_folder()) / "published_risks";

using Experiment = std::pair<std::string, std::string>;  // model, cohort

// The published risks, one foreign table per model and cohort, read as a user's table is.
std::map<Experiment, Metrics> published() {
  const auto table = CsvTable::read(kRisks / "mcat_iccv.csv");
  std::map<Experiment, std::string> texts;
  for (int64_t row = 0; row < table.rows(); ++row) {
    auto& text = texts[{std::string(table.at(row, 0)), std::string(table.at(row, 1))}];
    if (text.empty()) text = "fold,case_id,risk,survival_months,censorship\n";
    for (int64_t column = 2; column < 7; ++column) {
      text += std::string(table.at(row, column)) + (column < 6 ? "," : "\n");
    }
  }
  ColumnMap map;
  map.time = "survival_months";
  map.censorship = "censorship";
  const testing::TemporaryFolder folder;
  std::map<Experiment, Metrics> metrics;
  for (const auto& [experiment, text] : texts) {
    write_file(folder / "p.csv", text);
    metrics[experiment] = evaluate(read_predictions(folder / "p.csv", map), "p.csv");
  }
  return metrics;
}

double number(const CsvTable& table, int64_t row, const std::string& column) {
  return parse_number(table.at(row, table.column(column))).value();
}

Experiment experiment_of(const CsvTable& table, int64_t row) {
  return {std::string(table.at(row, table.column("model"))),
          std::string(table.at(row, table.column("cohort")))};
}

TEST(PublishedRisks, GiveAllFoldIndicesExactly) {
  const auto metrics = published();
  const auto expected = CsvTable::read(kRisks / "mcat_iccv_fold_cindex.csv");
  ASSERT_EQ(metrics.size(), 15u);
  ASSERT_EQ(expected.rows(), 75);
  for (int64_t row = 0; row < expected.rows(); ++row) {
    const auto fold = static_cast<size_t>(number(expected, row, "fold"));
    const auto& m = metrics.at(experiment_of(expected, row)).folds.at(fold);
    EXPECT_EQ(m.fold, static_cast<int64_t>(fold));
    ASSERT_TRUE(m.concordance.has_value()) << m.reason;
    EXPECT_EQ(m.concordance->index, number(expected, row, "val_cindex")) << expected.where(row);
  }
}

TEST(PublishedRisks, GiveMeanPopulationStdAndPooledIndex) {
  const auto metrics = published();
  const auto expected = CsvTable::read(kRisks / "mcat_iccv_summary.csv");
  ASSERT_EQ(expected.rows(), 15);
  for (int64_t row = 0; row < expected.rows(); ++row) {
    const auto& m = metrics.at(experiment_of(expected, row));
    ASSERT_TRUE(m.c_index && m.pooled.concordance);
    SCOPED_TRACE(expected.where(row));
    EXPECT_NEAR(m.c_index->mean, number(expected, row, "val_cindex_mean"), 1e-14);
    EXPECT_NEAR(m.c_index->population_std, number(expected, row, "val_cindex_std"), 1e-14);
    EXPECT_EQ(m.pooled.concordance->index, number(expected, row, "cindex_pooled"));
  }
}

Predictions two_folds() {
  return {{{"a", 4, 1.0, true, 0.9, {}},
           {"b", 4, 2.0, false, 0.1, {}},
           {"c", 2, 1.0, true, 0.1, {}},
           {"d", 2, 2.0, true, 0.9, {}}}};
}

TEST(Metrics, AreOrderedByFoldAndCounted) {
  const Metrics m = evaluate(two_folds(), "t");
  ASSERT_EQ(m.folds.size(), 2u);
  EXPECT_EQ(m.folds[0].fold, 2);
  EXPECT_EQ(m.folds[0].concordance->index, 0.0);
  EXPECT_EQ(m.folds[1].concordance->index, 1.0);
  EXPECT_EQ(m.folds[1].patients, 2);
  EXPECT_EQ(m.folds[1].events, 1);
  EXPECT_EQ(m.pooled.patients, 4);
  EXPECT_EQ(m.pooled.events, 3);
  ASSERT_TRUE(m.c_index.has_value());
  EXPECT_EQ(m.c_index->mean, 0.5);
  EXPECT_EQ(m.c_index->population_std, 0.5);
  EXPECT_NEAR(m.c_index->sample_std.value(), std::sqrt(0.5), 1e-15);
}

TEST(Metrics, AnUndefinedFoldIsAReasonAndTakesTheMeanAway) {
  Predictions p = two_folds();
  p.rows[0].event = false;  // fold 4 has no event any more
  const Metrics m = evaluate(p, "t");
  EXPECT_FALSE(m.folds[1].concordance.has_value());
  EXPECT_THAT(m.folds[1].reason, HasSubstr("undefined: all patients are censored"));
  EXPECT_TRUE(m.folds[0].concordance.has_value());
  EXPECT_TRUE(m.folds[0].reason.empty());
  EXPECT_FALSE(m.c_index.has_value());
  EXPECT_TRUE(m.pooled.concordance.has_value());
}

TEST(Metrics, OneFoldHasNoSampleDeviation) {
  Predictions p = two_folds();
  p.rows.resize(2);
  const Metrics m = evaluate(p, "t");
  EXPECT_EQ(m.c_index->population_std, 0.0);
  EXPECT_FALSE(m.c_index->sample_std.has_value());
}

TEST(Metrics, RefuseUnknownLabelsAndEmptyTables) {
  Predictions p = two_folds();
  p.rows[1].time.reset();
  p.rows[2].event.reset();
  EXPECT_THAT(message_of([&] { evaluate(p, "p.csv"); }),
              AllOf(HasSubstr("p.csv: 2 patients have no time or event"), HasSubstr("'b', 'c'")));
  EXPECT_THAT(message_of([] { evaluate({}, "p.csv"); }), HasSubstr("holds no prediction"));
  EXPECT_THROW(spread({}), std::logic_error);
}

}  // namespace
}  // namespace tractrix::eval
