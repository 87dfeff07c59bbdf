#include "tractrix/eval/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "support/eval_tables.hpp"
#include "support/messages.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/eval/evaluation_json.hpp"
#include "tractrix/survival/bootstrap.hpp"
#include "tractrix/survival/concordance.hpp"

namespace tractrix::eval {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kAmil;
using testing::kMcat;
using testing::made_up_source;
using testing::message_of;
using ::testing::Not;
using testing::published;

const CompareOptions kQuick{.replicates = 100};

// Another model on the same patients.
Source other_risks(Source source, uint64_t seed = 9) {
  const Seed draws(seed);
  uint64_t n = 0;
  for (auto& row : source.predictions.rows) row.risk += 2 * draws.uniform(n++);
  source.where = "other";
  return source;
}

std::vector<double> published_indices(const std::string& model, const std::string& cohort) {
  const auto table = CsvTable::read(testing::published_risks() / "mcat_iccv_fold_cindex.csv");
  std::vector<double> values;
  for (int64_t row = 0; row < table.rows(); ++row)
    if (table.at(row, 0) == model && table.at(row, 1) == cohort)
      values.push_back(parse_number(table.at(row, 3)).value());
  return values;
}

TEST(Comparison, OfPublishedModelsHasTheDifferencesOfTheirPublishedIndices) {
  const auto c = compare(published(kMcat, "ucec"), published(kAmil, "ucec"), kQuick);
  const auto a = published_indices(kMcat, "ucec"), b = published_indices(kAmil, "ucec");
  ASSERT_EQ(c.folds.size(), 5u);
  double mean = 0;
  for (size_t k = 0; k < 5; ++k) {
    EXPECT_EQ(*c.folds[k].difference, a[k] - b[k]);
    EXPECT_NEAR(c.folds[k].test->difference, a[k] - b[k], 1e-15);
    EXPECT_GT(c.folds[k].test->standard_error, 0);
    mean += (a[k] - b[k]) / 5;
  }
  EXPECT_NEAR(c.mean->mean, mean, 1e-15);
  EXPECT_NEAR(c.paired_t->mean, mean, 1e-15);
  EXPECT_EQ(c.wilcoxon->pairs, 5);
  EXPECT_GE(c.wilcoxon->p, 1.0 / 16);
  EXPECT_EQ(c.pooled.patients, 480);
  EXPECT_TRUE(c.only_first.empty() && c.only_second.empty());
}

TEST(Comparison, ExchangedTurnsEverySign) {
  const auto a = made_up_source(90, 3), b = other_risks(a);
  const auto forth = compare(a, b, kQuick), back = compare(b, a, kQuick);
  EXPECT_EQ(*forth.folds[1].difference, -*back.folds[1].difference);
  EXPECT_EQ(forth.pooled.test->p, back.pooled.test->p);
  EXPECT_NEAR(forth.bootstrap->difference, -back.bootstrap->difference, 1e-15);
  EXPECT_EQ(forth.wilcoxon->plus, back.wilcoxon->minus);
}

TEST(Comparison, OrderOfRowsIsOfNoAccount) {
  const auto a = made_up_source(60, 2);
  auto b = other_risks(a);
  const auto before = compare(a, b, kQuick);
  std::reverse(b.predictions.rows.begin(), b.predictions.rows.end());
  const auto after = compare(a, b, kQuick);
  EXPECT_EQ(*before.pooled.difference, *after.pooled.difference);
  EXPECT_EQ(before.bootstrap->interval.lower, after.bootstrap->interval.lower);
}

TEST(Comparison, ARunWithItselfHasNoTestAndNoBootstrap) {
  const auto a = made_up_source(60, 2);
  const auto c = compare(a, a, kQuick);
  for (const auto& fold : c.folds) {
    EXPECT_EQ(*fold.difference, 0.0);
    EXPECT_FALSE(fold.test);
    EXPECT_FALSE(fold.test.reason.empty());
  }
  EXPECT_EQ(c.mean->mean, 0.0);
  EXPECT_FALSE(c.wilcoxon || c.paired_t || c.bootstrap);
  EXPECT_FALSE(c.wilcoxon.reason.empty() || c.paired_t.reason.empty() ||
               c.bootstrap.reason.empty());
}

// The difference of the fold indices by hand, on patients sorted by fold and name.
TEST(Comparison, BootstrapIsThatOfTheFoldMeanOrThePooledIndex) {
  const auto a = made_up_source(40, 2), b = other_risks(a);
  CompareOptions options = kQuick;
  options.seed = 7;
  const auto mean = compare(a, b, options);
  EXPECT_NEAR(mean.bootstrap->difference, mean.mean->mean, 1e-15);
  options.bootstrap = BootstrapOf::pooled;
  const auto pooled = compare(a, b, options);
  EXPECT_EQ(pooled.bootstrap->difference, *pooled.pooled.difference);
  std::vector<std::pair<int64_t, std::string>> order;
  std::map<std::string, std::pair<const PredictionRow*, const PredictionRow*>> rows;
  for (size_t i = 0; i < 40; ++i) {
    const auto& row = a.predictions.rows[i];
    order.emplace_back(row.fold, row.id);
    rows[row.id] = {&row, &b.predictions.rows[i]};
  }
  std::sort(order.begin(), order.end());
  const survival::Statistic statistic = [&](std::span<const int64_t> patients) {
    std::vector<double> time, first, second;
    std::vector<uint8_t> event;
    for (int64_t i : patients) {
      const auto& [x, y] = rows.at(order[static_cast<size_t>(i)].second);
      time.push_back(*x->time), event.push_back(*x->event);
      first.push_back(x->risk), second.push_back(y->risk);
    }
    return survival::concordance(time, event, first).index -
           survival::concordance(time, event, second).index;
  };
  const auto direct = survival::bootstrap(40, statistic, 100, Seed(7));
  const auto interval = survival::bca_interval(direct, survival::jackknife(40, statistic));
  EXPECT_EQ(pooled.bootstrap->interval.lower, interval.lower);
  EXPECT_EQ(pooled.bootstrap->interval.upper, interval.upper);
  EXPECT_EQ(pooled.bootstrap->standard_error, direct.standard_error);
}

TEST(Comparison, AGivenSeedGivesTheSameInterval) {
  const auto a = made_up_source(50, 2), b = other_risks(a);
  CompareOptions options = kQuick;
  const auto one = compare(a, b, options), two = compare(a, b, options);
  EXPECT_EQ(one.bootstrap->interval.upper, two.bootstrap->interval.upper);
  options.seed = 2;
  EXPECT_NE(compare(a, b, options).bootstrap->standard_error, one.bootstrap->standard_error);
  options.replicates = 0;
  EXPECT_THAT(compare(a, b, options).bootstrap.reason, HasSubstr("not asked for"));
}

TEST(Comparison, PatientsOfOneSideAreRefusedByNameUnlessCommon) {
  auto a = made_up_source(60, 2);
  auto b = other_risks(a);
  a.predictions.rows.erase(a.predictions.rows.begin() + 4);  // P4, fold 0
  b.predictions.rows.erase(b.predictions.rows.begin() + 7);  // P7, fold 1
  EXPECT_THAT(
      message_of([&] { compare(a, b, kQuick); }),
      AllOf(HasSubstr("1 patients are not in other: 'P7' (fold 1)"),
            HasSubstr("1 patients are not in made up: 'P4' (fold 0)"), HasSubstr("--common")));
  CompareOptions options = kQuick;
  options.common = true;
  const auto c = compare(a, b, options);
  EXPECT_EQ(c.pooled.patients, 58);
  EXPECT_THAT(c.only_first, ElementsAre("'P7' (fold 1)"));
  EXPECT_THAT(c.only_second, ElementsAre("'P4' (fold 0)"));
}

TEST(Comparison, OtherLabelsAndOtherFoldsAreRefusedEvenAmongCommonPatients) {
  const auto a = made_up_source(40, 2);
  CompareOptions options = kQuick;
  options.common = true;
  auto b = other_risks(a);
  b.predictions.rows[3].time = 1e3;
  b.predictions.rows[5].event = !*b.predictions.rows[5].event;
  EXPECT_THAT(message_of([&] { compare(a, b, options); }),
              AllOf(HasSubstr("time or event differ for 2 patients"), HasSubstr("'P3' (fold 1)")));
  b = other_risks(a);
  b.predictions.rows[3].time.reset();
  EXPECT_THAT(message_of([&] { compare(a, b, options); }),
              HasSubstr("1 patients have no time or event: 'P3'"));
  b = other_risks(a);
  b.predictions.rows[3].fold = 0;
  EXPECT_THAT(message_of([&] { compare(a, b, options); }),
              AllOf(HasSubstr("1 patients are in different folds: 'P3' (fold 1) and fold 0"),
                    HasSubstr("same splits")));
  for (auto& row : b.predictions.rows) row.id += "x";
  EXPECT_THAT(message_of([&] { compare(a, b, options); }),
              HasSubstr("has no patient in common with other"));
}

TEST(Comparison, AnUndefinedFoldKeepsTheOthers) {
  auto a = made_up_source(60, 3);
  for (auto& row : a.predictions.rows)
    if (row.fold == 2) row.event = false;
  const auto c = compare(a, other_risks(a), kQuick);
  EXPECT_TRUE(c.folds[0].test && c.folds[1].test);
  EXPECT_FALSE(c.folds[2].difference || c.folds[2].test);
  EXPECT_EQ(c.wilcoxon.reason, "no value in fold 2");
  EXPECT_EQ(c.mean.reason, "no value in fold 2");
  EXPECT_FALSE(c.bootstrap);
  const Json json = to_json(c);
  EXPECT_TRUE(json["folds"][2]["difference"]["value"].is_null());
  EXPECT_THAT(json["folds"][2]["difference"]["reason"].get<std::string>(), HasSubstr("censored"));
  EXPECT_EQ(json["over_folds"]["paired_t"]["reason"], "no value in fold 2");
  EXPECT_TRUE(json["pooled"]["difference"]["p"].is_number());
}

TEST(Comparison, RowsOfOnePatientInSeveralFoldsAreNoSample) {
  auto a = made_up_source(40, 2);
  a.predictions.rows[1].id = "P0";
  const auto c = compare(a, other_risks(a), kQuick);
  EXPECT_TRUE(c.folds[0].test);
  EXPECT_THAT(c.pooled.test.reason, HasSubstr("several folds"));
  EXPECT_THAT(c.bootstrap.reason, HasSubstr("several folds"));
}

}  // namespace
}  // namespace tractrix::eval
