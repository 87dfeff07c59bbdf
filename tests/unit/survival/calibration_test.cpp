#include "tractrix/survival/calibration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/core/seed.hpp"

namespace tractrix::survival {
namespace {

using ::testing::HasSubstr;

// Without censoring before the time, the observed share is the number of events by the patients.
TEST(Calibration, CountsWhereNobodyIsCensored) {
  const std::vector<double> time{1, 9, 2, 9, 3, 4, 9, 9};
  const std::vector<uint8_t> event{1, 0, 1, 0, 1, 1, 0, 0};
  const std::vector<double> predicted{0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9};
  const auto groups = calibration({time, event}, predicted, 3, 2);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].patients, 4);
  EXPECT_EQ(groups[0].events, 2);
  EXPECT_NEAR(groups[0].observed, 0.5, 1e-15);
  EXPECT_NEAR(groups[0].predicted, 0.25, 1e-15);
  EXPECT_EQ(groups[1].events, 1);
  EXPECT_NEAR(groups[1].observed, 0.25, 1e-15);
  EXPECT_NEAR(groups[1].predicted, 0.75, 1e-15);
  // Greenwood without censoring is the binomial variance.
  const auto plain = calibration({time, event}, predicted, 3, 2, Band::plain);
  const double half = 1.959963984540054 * std::sqrt(0.25 * 0.75 / 4);
  EXPECT_NEAR(plain[1].interval.upper, 0.25 + half, 1e-12);
  EXPECT_EQ(plain[1].interval.lower, 0);
}

TEST(Calibration, OneGroupIsTheKaplanMeierCurve) {
  const Seed seed(3);
  std::vector<double> time, predicted;
  std::vector<uint8_t> event;
  for (size_t i = 0; i < 80; ++i) {
    time.push_back(std::floor(seed.at("t").uniform(i) * 20));
    event.push_back(seed.at("e").uniform(i) < 0.5 ? 1 : 0);
    predicted.push_back(seed.at("p").uniform(i));
  }
  const KaplanMeier curve = kaplan_meier(time, event);
  const Limits limits = confidence_band(curve, Band::log_log, 0.9);
  for (double t : {-1.0, 5.0, 7.5, 12.0}) {
    const auto one = calibration({time, event}, predicted, t, 1, Band::log_log, 0.9).at(0);
    EXPECT_EQ(one.patients, 80);
    EXPECT_EQ(one.observed, 1 - curve.survival_at(t));
    if (t < 0) {
      EXPECT_EQ(one.interval.upper, 0);
      continue;
    }
    size_t k = 0;
    while (k + 1 < curve.time.size() && curve.time[k + 1] <= t) ++k;
    EXPECT_EQ(one.interval.lower, 1 - limits.upper[k]);
    EXPECT_EQ(one.interval.upper, 1 - limits.lower[k]);
  }
}

// Predictions that are the true probabilities lie within the intervals of nearly all groups.
TEST(Calibration, OfTheTrueProbabilitiesIsGood) {
  const Seed seed(9);
  std::vector<double> time, predicted;
  std::vector<uint8_t> event;
  for (size_t i = 0; i < 4000; ++i) {
    const double rate = 0.05 + 0.3 * seed.at("rate").uniform(i);
    const double death = -std::log1p(-seed.at("death").uniform(i)) / rate;
    const double censoring = 12 * seed.at("censoring").uniform(i);
    time.push_back(std::min(death, censoring));
    event.push_back(death <= censoring ? 1 : 0);
    predicted.push_back(1 - std::exp(-3 * rate));
  }
  const auto groups = calibration({time, event}, predicted, 3, 10);
  int64_t inside = 0;
  int64_t patients = 0;
  for (const auto& g : groups) {
    inside += g.interval.lower <= g.predicted && g.predicted <= g.interval.upper;
    patients += g.patients;
    EXPECT_NEAR(static_cast<double>(g.patients), 400, 1);
    EXPECT_NEAR(g.observed, g.predicted, 0.1);
  }
  EXPECT_GE(inside, 8);
  EXPECT_EQ(patients, 4000);
  for (size_t g = 1; g < groups.size(); ++g)
    EXPECT_GT(groups[g].predicted, groups[g - 1].predicted);
  for (double& p : predicted) p = p * p;
  inside = 0;
  for (const auto& g : calibration({time, event}, predicted, 3, 10)) {
    inside += g.interval.lower <= g.predicted && g.predicted <= g.interval.upper;
  }
  EXPECT_LE(inside, 1);
}

std::string refusal(const std::vector<double>& time, const std::vector<uint8_t>& event,
                    const std::vector<double>& predicted, double t, int64_t groups) {
  try {
    calibration({time, event}, predicted, t, groups);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Calibration, RefusesWhatIsUndefined) {
  const std::vector<double> time{1, 2, 3, 4};
  const std::vector<uint8_t> event{1, 0, 1, 0};
  const std::vector<double> p{0.1, 0.2, 0.3, 0.4};
  EXPECT_EQ(refusal(time, event, p, 2, 2), "no error");
  EXPECT_THAT(refusal(time, event, p, 2.5, 2), HasSubstr("follow-up of one group ends at 2"));
  EXPECT_THAT(refusal(time, event, p, std::nan(""), 2), HasSubstr("must be finite"));
  EXPECT_THAT(refusal(time, event, p, 2, 0), HasSubstr("0 groups"));
  EXPECT_THAT(refusal(time, event, p, 2, 5), HasSubstr("5 groups"));
  EXPECT_THAT(refusal(time, event, {0.1, 0.2}, 2, 2), HasSubstr("2 predictions were given for 4"));
  EXPECT_THAT(refusal(time, event, {0.1, 0.2, 1.3, 0}, 2, 2), HasSubstr("a prediction is 1.3"));
  EXPECT_THAT(refusal(time, event, {0.1, 0.2, std::nan(""), 0}, 2, 2), HasSubstr("[0, 1]"));
  EXPECT_THAT(refusal(time, event, {0.1, 0.1, 0.1, 0.4}, 2, 4), HasSubstr("group 0 of 4 is empty"));
  EXPECT_THAT(refusal({1, 2, 3, 4, 5, 6}, {1, 1, 1, 1, 1, 1}, {0.1, 0.1, 0.2, 0.2, 0.2, 0.2}, 2, 3),
              HasSubstr("group 1 of 3 is empty"));
  EXPECT_THAT(refusal(time, {1, 0}, p, 2, 2), HasSubstr("4 times and 2 events"));
}

}  // namespace
}  // namespace tractrix::survival
