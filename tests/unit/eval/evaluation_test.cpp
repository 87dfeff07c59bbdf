#include "tractrix/eval/evaluation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/eval_tables.hpp"
#include "support/messages.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/survival/brier.hpp"
#include "tractrix/survival/concordance_error.hpp"
#include "tractrix/survival/cox_regression.hpp"
#include "tractrix/survival/curve_summary.hpp"
#include "tractrix/survival/discrete.hpp"
#include "tractrix/survival/logrank.hpp"
#include "tractrix/survival/time_auc.hpp"
#include "tractrix/survival/uno.hpp"

namespace tractrix::eval {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::made_up_source;
using testing::message_of;

// The columns of some rows, taken independently of the room.
struct Taken {
  std::vector<double> time, risk;
  std::vector<uint8_t> event;
  survival::Patients patients() const { return {time, event}; }
};

Taken take(const Source& source, int64_t fold = -1) {
  Taken taken;
  for (const auto& row : source.predictions.rows) {
    if (fold >= 0 && row.fold != fold) continue;
    taken.time.push_back(*row.time);
    taken.event.push_back(*row.event);
    taken.risk.push_back(row.risk);
  }
  return taken;
}

TEST(Evaluation, GivesEveryPublishedFoldIndexExactly) {
  const auto expected = CsvTable::read(testing::published_risks() / "mcat_iccv_fold_cindex.csv");
  ASSERT_EQ(expected.rows(), 75);
  std::string last;
  Evaluation evaluation;
  for (int64_t row = 0; row < expected.rows(); ++row) {
    const std::string model(expected.at(row, 0)), cohort(expected.at(row, 1));
    if (last != model + cohort) {
      evaluation = evaluate(testing::published(model, cohort), {});
      last = model + cohort;
    }
    const auto fold = static_cast<size_t>(parse_integer(expected.at(row, 2)).value());
    const auto& part = evaluation.folds.at(fold);
    ASSERT_TRUE(part.c_index) << part.c_index.reason;
    EXPECT_EQ(part.c_index->value, parse_number(expected.at(row, 3)).value());
    EXPECT_TRUE(part.c_index->standard_error.has_value()) << part.no_precision;
    EXPECT_TRUE(part.uno && part.mean_auc && part.hazard_ratio && part.log_rank);
  }
}

TEST(Evaluation, AFoldHasTheValuesOfTheStatisticsThemselves) {
  const auto source = testing::published(testing::kMcat, "blca");
  const Evaluation evaluation = evaluate(source, {});
  const auto& part = evaluation.folds.at(2);
  const Taken t = take(source, 2);
  const auto& times = evaluation.settings.times;
  ASSERT_EQ(times.size(), 9u);
  const auto error = survival::concordance_error(t.time, t.event, t.risk);
  EXPECT_EQ(part.c_index->standard_error, error.standard_error);
  EXPECT_EQ(*part.uno, survival::uno_concordance(t.patients(), t.patients(), t.risk, times.back()));
  const auto auc = survival::time_auc(t.patients(), t.patients(), t.risk, times);
  EXPECT_EQ(*part.mean_auc, auc.mean);
  for (size_t k = 0; k < times.size(); ++k) EXPECT_EQ(*part.auc[k], auc.auc[k]);
  auto sorted = t.risk;
  std::sort(sorted.begin(), sorted.end());
  ASSERT_EQ(sorted.size(), 75u);
  std::vector<int64_t> group;
  for (double r : t.risk) group.push_back(r > sorted[37]);
  const auto test = survival::log_rank(t.time, t.event, group);
  EXPECT_EQ(part.log_rank->value, test.chi_square);
  EXPECT_EQ(part.log_rank->p, test.p);
  EXPECT_EQ(part.groups[0].patients, 38);
  EXPECT_EQ(part.groups[1].patients, 37);
}

TEST(Evaluation, TheHazardRatioIsOfOneStandardDeviation) {
  const auto source = testing::published(testing::kMcat, "luad");
  const auto evaluation = evaluate(source, {});
  const Taken t = take(source, 0);
  const auto n = static_cast<double>(t.risk.size());
  double mean = 0, square = 0;
  for (double r : t.risk) mean += r / n;
  for (double r : t.risk) square += (r - mean) * (r - mean) / n;
  const std::vector<std::string> names{"risk"};
  // On the raw risk; the deviation scales the coefficient.
  const auto fit = survival::cox_regression({t.time, t.event, t.risk, names});
  EXPECT_NEAR(std::log(evaluation.folds[0].hazard_ratio->value),
              fit.coefficient[0] * std::sqrt(square), 1e-10);
  EXPECT_NEAR(*evaluation.folds[0].hazard_ratio->p, fit.p[0], 1e-10);
}

// Shifting the risks of one fold is another model of equal worth: only statistics that compare
// risks over folds may notice.
TEST(Evaluation, PooledHazardRatioAndGroupsDoNotCompareFolds) {
  auto source = made_up_source(120, 3);
  const auto before = evaluate(source, {}).pooled;
  for (auto& row : source.predictions.rows)
    if (row.fold == 1) row.risk = 10 * row.risk + 100;
  const auto after = evaluate(source, {}).pooled;
  EXPECT_NEAR(before.hazard_ratio->value, after.hazard_ratio->value, 1e-10);
  EXPECT_EQ(before.log_rank->value, after.log_rank->value);
  EXPECT_NE(before.c_index->value, after.c_index->value);
}

TEST(Evaluation, RestrictedMeansAreAreasUnderTheGroupsCurves) {
  const auto source = made_up_source(60, 1);
  Settings settings;
  settings.tau = 10;
  const auto part = evaluate(source, settings).folds.at(0);
  const Taken t = take(source);
  auto sorted = t.risk;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[29] + sorted[30]) / 2;
  std::vector<double> time;
  std::vector<uint8_t> event;
  for (size_t i = 0; i < t.time.size(); ++i) {
    if (t.risk[i] > median) continue;
    time.push_back(t.time[i]);
    event.push_back(t.event[i]);
  }
  const auto curve = survival::kaplan_meier(time, event);
  EXPECT_EQ(part.groups[0].restricted_mean->value, survival::restricted_mean(curve, 10));
  const auto& difference = *part.restricted_mean_difference;
  EXPECT_EQ(difference.value,
            part.groups[0].restricted_mean->value - part.groups[1].restricted_mean->value);
  const double z = difference.value / *difference.standard_error;
  EXPECT_NEAR(*difference.p, std::erfc(std::abs(z) / std::sqrt(2.0)), 1e-15);
  EXPECT_NEAR(difference.interval->upper - difference.interval->lower,
              2 * 1.959963984540054 * *difference.standard_error, 1e-12);
}

TEST(Evaluation, BrierScoresAreOfTheCurvesBetweenTheEdges) {
  auto source = made_up_source(80, 2, 4);
  Settings settings;
  settings.times = {3, 7, 12};
  settings.edges = {0, 5, 10, 20, 1000};
  const auto evaluation = evaluate(source, settings);
  const Taken t = take(source, 1);
  std::vector<double> curves;
  for (const auto& row : source.predictions.rows) {
    if (row.fold != 1) continue;
    const survival::DiscreteCurve curve(settings.edges, row.survival);
    for (double time : settings.times) curves.push_back(curve.at(time));
  }
  const auto scores = survival::brier_score(t.patients(), t.patients(), curves, settings.times);
  const auto& part = evaluation.folds.at(1);
  for (size_t k = 0; k < 3; ++k) {
    ASSERT_TRUE(part.brier[k]) << part.brier[k].reason;
    EXPECT_EQ(*part.brier[k], scores[k]);
  }
  EXPECT_EQ(*part.integrated_brier, survival::integrated_brier_score(scores, settings.times));
  ASSERT_TRUE(part.calibration) << part.calibration.reason;
  EXPECT_EQ(part.calibration->size(), 4u);
  EXPECT_EQ(evaluation.settings.calibration_time, 7.0);
  // A fold that knows its edges does not ask for others.
  source.folds[0].edges = {0, 1, 2, 3, 1000};
  const auto own = evaluate(source, settings);
  EXPECT_NE(*own.folds.at(0).integrated_brier, *evaluation.folds.at(0).integrated_brier);
  EXPECT_EQ(*own.folds.at(1).integrated_brier, *part.integrated_brier);
}

TEST(Evaluation, WithoutCurvesOrEdgesBrierSaysWhy) {
  const auto none = evaluate(made_up_source(40, 1), {}).folds.at(0);
  EXPECT_THAT(none.integrated_brier.reason, HasSubstr("no columns S_t1"));
  EXPECT_THAT(none.calibration.reason, HasSubstr("no columns S_t1"));
  auto source = made_up_source(40, 2, 3);
  EXPECT_THAT(evaluate(source, {}).folds.at(0).brier.at(0).reason, HasSubstr("--edges"));
  Settings settings;
  settings.edges = {0, 10, 20, 1000};
  source.predictions.rows[2].survival = {0.5, 0.9, 0.1};  // rises
  const auto evaluation = evaluate(source, settings);
  EXPECT_THAT(evaluation.folds.at(0).integrated_brier.reason, HasSubstr("patient 'P2'"));
  EXPECT_TRUE(evaluation.folds.at(1).integrated_brier);
  EXPECT_FALSE(evaluation.pooled.integrated_brier);
  EXPECT_TRUE(evaluation.folds.at(0).uno);
}

TEST(Evaluation, CensoringWeightsComeFromTheTrainingPatientsWhereTheyAreKnown) {
  auto source = made_up_source(80, 2);
  const auto before = evaluate(source, {});
  EXPECT_THAT(before.notes, Contains(HasSubstr("its evaluated patients")));
  const auto other = take(source, 1), own = take(source, 0);
  source.folds[0].training = {other.time, other.event};
  const auto after = evaluate(source, {});
  EXPECT_THAT(after.notes, Contains(AllOf(HasSubstr("the fold's training patients"),
                                          HasSubstr("where they are not known"))));
  EXPECT_EQ(*after.folds[0].uno, survival::uno_concordance(other.patients(), own.patients(),
                                                           own.risk, after.settings.tau));
  EXPECT_NE(*after.folds[0].uno, *before.folds[0].uno);
  EXPECT_EQ(*after.folds[1].uno, *before.folds[1].uno);
}

TEST(Evaluation, RiskGroupsAreCutAtTheTrainingMedianWhereItIsKnown) {
  auto source = made_up_source(40, 1);
  const auto before = evaluate(source, {});
  EXPECT_EQ(before.folds[0].groups[1].patients, 20);
  EXPECT_THAT(before.notes, Contains(HasSubstr("evaluated patients")));
  source.folds[0].training_risk = {0.5, 0.4, 9};
  const auto after = evaluate(source, {});
  const auto above = std::count_if(source.predictions.rows.begin(), source.predictions.rows.end(),
                                   [](const auto& row) { return row.risk > 0.5; });
  EXPECT_EQ(after.folds[0].groups[1].patients, above);
  EXPECT_THAT(after.notes, Contains("risk groups: above or up to the median risk of the fold's "
                                    "training patients"));
}

TEST(Evaluation, MeansAreOverAllFoldsOrNone) {
  auto source = made_up_source(90, 3);
  const auto whole = evaluate(source, {});
  const auto& mean = whole.means.at(0);
  EXPECT_EQ(mean.name, "c_index");
  EXPECT_NEAR(mean.spread->mean,
              (whole.folds[0].c_index->value + whole.folds[1].c_index->value +
               whole.folds[2].c_index->value) /
                  3,
              1e-15);
  for (auto& row : source.predictions.rows)
    if (row.fold == 1) row.event = false;
  const auto broken = evaluate(source, {});
  EXPECT_THAT(broken.folds[1].c_index.reason, HasSubstr("all patients are censored"));
  EXPECT_FALSE(broken.folds[1].uno || broken.folds[1].log_rank || broken.folds[1].hazard_ratio);
  EXPECT_TRUE(broken.folds[0].c_index && broken.folds[2].log_rank && broken.pooled.c_index);
  EXPECT_EQ(broken.means.at(0).spread.reason, "no value in fold 1");
}

}  // namespace
}  // namespace tractrix::eval
