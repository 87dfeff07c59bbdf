#include "tractrix/report/run_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "run_fixture.hpp"
#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/report/run_facts.hpp"

namespace tractrix::report {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::write_facts;
using testing::write_fold;
using testing::write_run;

class RunTable : public ::testing::Test {
 protected:
  std::filesystem::path run(const std::string& name, int swaps, const testing::RunText& text = {}) {
    write_run(folder_ / name, swaps, text);
    return folder_ / name;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(RunTable, MeanAndBothDeviationsOverTheFolds) {
  const auto summary = summarize(run("a", 0));
  const auto& last = summary.at(Selection::last);
  ASSERT_TRUE(last.c_index);
  EXPECT_NEAR(last.c_index->mean, (1.0 + 5.0 / 6) / 2, 1e-12);
  EXPECT_NEAR(last.c_index->population_std, 1.0 / 12, 1e-12);
  EXPECT_NEAR(*last.c_index->sample_std, std::sqrt(2.0) / 12, 1e-12);
  EXPECT_EQ(shown(summary, Selection::last), "0.9167 \u00b1 0.0833 / 0.1179");
  EXPECT_EQ(shown(summary, Selection::best), "1.0000 \u00b1 0.0000 / 0.0000");
  ASSERT_EQ(summary.folds.size(), 2u);
  EXPECT_EQ(summary.folds[1].patients, 4);
  EXPECT_EQ(summary.folds[1].events, 3);
  EXPECT_EQ(summary.folds[1].at(Selection::best).epoch, 3);
}

TEST_F(RunTable, AMissingSelectionIsNoNumber) {
  const auto runs = read_runs({run("a", 0)}, {});
  EXPECT_EQ(shown(runs[0].summary, Selection::inner), "missing");
  const auto document = run_document(runs);
  const auto table = CsvTable::parse(csv(document.data), "csv");
  EXPECT_EQ(table.at(1, table.column("selection")), "inner");
  EXPECT_EQ(table.at(1, table.column("mean")), "");
}

TEST_F(RunTable, AFoldWithoutAValueTakesTheMeanAway) {
  write_facts(folder_ / "a", {});
  write_fold(folder_ / "a", 0, 0, 1, 0);
  write_fold(folder_ / "a", 1, 0, -1, 0);
  const auto summary = summarize(folder_ / "a");
  EXPECT_TRUE(summary.has_inner);
  EXPECT_EQ(shown(summary, Selection::inner), "missing");
  EXPECT_THAT(gaps(summary), Contains(HasSubstr("fold 1, inner: ")));
}

TEST_F(RunTable, UnfinishedFoldsAreSaidAndNotRanked) {
  write_facts(folder_ / "part", {});
  write_fold(folder_ / "part", 0, 0, -1, 0);
  std::filesystem::create_directories(folder_ / "part" / "fold_1");
  const auto runs = read_runs({folder_ / "part", run("b", 1), run("c", 2)}, {});
  EXPECT_FALSE(runs[0].summary.whole());
  EXPECT_EQ(shown(runs[0].summary, Selection::last), "1.0000 (1 of 2 folds)");
  const auto emphasis = run_document(runs).sections[0].table.emphasis;
  EXPECT_FALSE(emphasis.contains({0, 5}));
  EXPECT_EQ(emphasis.at({1, 5}), Emphasis::best);
  EXPECT_EQ(emphasis.at({2, 5}), Emphasis::second);
}

TEST_F(RunTable, OnlyRunsOfTheSameCohortAndSplitsAreRanked) {
  testing::RunText other;
  other.splits = "ffff";
  const auto runs = read_runs({run("a", 0), run("b", 0, other)}, {});
  EXPECT_TRUE(run_document(runs).sections[0].table.emphasis.empty());
}

TEST(Ranked, TiesSharePlacesAndOneValueHasNone) {
  using Marks = std::vector<std::optional<Emphasis>>;
  EXPECT_EQ(ranked({0.5, std::nullopt}), (Marks{std::nullopt, std::nullopt}));
  EXPECT_EQ(ranked({0.5, 0.7, std::nullopt, 0.6}),
            (Marks{std::nullopt, Emphasis::best, std::nullopt, Emphasis::second}));
  EXPECT_EQ(ranked({0.7, 0.7, 0.6}), (Marks{Emphasis::best, Emphasis::best, std::nullopt}));
  EXPECT_EQ(ranked({0.7, 0.6, 0.6}), (Marks{Emphasis::best, Emphasis::second, Emphasis::second}));
}

TEST_F(RunTable, SyntheticBagsAreSaidAboveTheTable) {
  testing::RunText made_up;
  made_up.synthetic = true;
  const auto document = run_document(read_runs({run("a", 0), run("b", 0, made_up)}, {}));
  EXPECT_THAT(document.banners,
              ElementsAre("no real slide features were used: the bags are synthetic (b)"));
  const auto table = CsvTable::parse(csv(document.data), "csv");
  EXPECT_EQ(table.at(5, table.column("synthetic_bags")), "yes");
}

TEST_F(RunTable, FactsComeFromTheFolder) {
  const auto facts = facts_of(summarize(run("a", 0)));
  EXPECT_EQ(facts.recipe, "fusion");
  EXPECT_EQ(facts.scalers, "genes: training patients of each fold");
  EXPECT_EQ(facts.selection, "inner part: 0.15 of the training patients");
  EXPECT_EQ(facts.splits, "aaaaaaaaaaaa");
  EXPECT_EQ(facts.features, "toy.csv dddddddddddd");
  EXPECT_EQ(facts.version, "tractrix 9.9.9, LibTorch 2.0.0");
  std::filesystem::remove(folder_ / "a" / "config.yaml");
  EXPECT_EQ(facts_of(summarize(folder_ / "a")).recipe, "unknown");
}

TEST_F(RunTable, LabelsTellRunsApart) {
  run("x/same", 0);
  run("y/same", 1);
  const auto runs = read_runs({folder_ / "x/same", folder_ / "y/same/"}, {});
  EXPECT_EQ(runs[0].label, "x/same");
  EXPECT_EQ(runs[1].label, "y/same");
  EXPECT_THAT(message_of([&] {
                read_runs({folder_ / "x/same"}, {"a", "b"});
              }),
              HasSubstr("2 labels for 1 runs"));
  EXPECT_THAT(
      message_of([&] {
        read_runs({folder_ / "x/same", folder_ / "none", folder_ / "y/same"}, {"a", "b", "a"});
      }),
      AllOf(HasSubstr("is no run"), HasSubstr("two runs have the label 'a'")));
}

}  // namespace
}  // namespace tractrix::report
