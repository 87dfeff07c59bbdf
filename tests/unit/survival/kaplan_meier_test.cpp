#include "tractrix/survival/kaplan_meier.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/cases.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

void expect_close(const std::vector<double>& values, const std::vector<double>& expected,
                  const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (size_t k = 0; k < values.size(); ++k) {
    EXPECT_TRUE(test::close(values[k], expected[k]))
        << what << " at " << k << ": " << values[k] << " instead of " << expected[k];
  }
}

// R prints NA where S is 0 (and, for log-log, 1): there is nothing to compare.
void expect_close_where_defined(const std::vector<double>& values,
                                const std::vector<double>& expected, const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (size_t k = 0; k < values.size(); ++k) {
    if (std::isnan(expected[k])) continue;
    EXPECT_TRUE(test::close(values[k], expected[k]))
        << what << " at " << k << ": " << values[k] << " instead of " << expected[k];
  }
}

std::vector<double> as_doubles(const std::vector<int64_t>& values) {
  return {values.begin(), values.end()};
}

class KaplanMeierGoldens : public ::testing::Test {
 protected:
  KaplanMeierGoldens() : file(kGoldens / "kaplan_meier") {}
  KaplanMeier curve(const std::string& name) const {
    return kaplan_meier(file.doubles(name, "in/time"), file.bytes(name, "in/event"));
  }
  CaseFile file;
};

TEST_F(KaplanMeierGoldens, CurvesEqualScikitSurvivalAndR) {
  ASSERT_EQ(file.names().size(), 13u);
  for (const auto& name : file.names()) {
    SCOPED_TRACE(file.about(name));
    const KaplanMeier c = curve(name);
    EXPECT_EQ(c.time, file.doubles(name, "out/sksurv/time"));
    expect_close(c.survival, file.doubles(name, "out/sksurv/surv"), "survival");
    if (file.refused(name, "R") || !file.has(name, "out/R/n_risk")) continue;
    EXPECT_EQ(as_doubles(c.at_risk), file.doubles(name, "out/R/n_risk"));
    EXPECT_EQ(as_doubles(c.events), file.doubles(name, "out/R/n_event"));
    EXPECT_EQ(as_doubles(c.censored), file.doubles(name, "out/R/n_censor"));
  }
}

TEST_F(KaplanMeierGoldens, GreenwoodEqualsR) {
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    if (!file.has(name, "out/R/std_err_of_log_surv")) continue;
    const KaplanMeier c = curve(name);
    const auto expected = file.doubles(name, "out/R/std_err_of_log_surv");
    for (size_t k = 0; k < c.time.size(); ++k) {
      if (c.survival[k] == 0) continue;  // infinite in R; the term is left out here
      EXPECT_TRUE(test::close(std::sqrt(c.greenwood[k]), expected[k])) << name << " at " << k;
      ++compared;
    }
  }
  EXPECT_GT(compared, 100);
}

TEST_F(KaplanMeierGoldens, BandsEqualScikitSurvivalAndR) {
  const std::vector<std::pair<Band, std::string>> bands{
      {Band::plain, "plain"}, {Band::log, "log"}, {Band::log_log, "log-log"}};
  for (const auto& name : file.names()) {
    SCOPED_TRACE(file.about(name));
    const KaplanMeier c = curve(name);
    const Limits sk = confidence_band(c);
    expect_close(sk.lower, file.doubles(name, "out/sksurv/lower_loglog"), "lower");
    expect_close(sk.upper, file.doubles(name, "out/sksurv/upper_loglog"), "upper");
    const Limits ninety = confidence_band(c, Band::log_log, 0.90);
    std::vector<double> both = ninety.lower;
    both.insert(both.end(), ninety.upper.begin(), ninety.upper.end());
    expect_close(both, file.doubles(name, "out/sksurv_90/ci_loglog"), "90 %");
    for (const auto& [band, key] : bands) {
      if (!file.has(name, "out/R/" + key + "/lower")) continue;
      const Limits r = confidence_band(c, band);
      expect_close_where_defined(r.lower, file.doubles(name, "out/R/" + key + "/lower"), key);
      expect_close_where_defined(r.upper, file.doubles(name, "out/R/" + key + "/upper"), key);
    }
  }
}

TEST_F(KaplanMeierGoldens, MedianEqualsLifelines) {
  for (const auto& name : file.names()) {
    const auto median = median_time(curve(name));
    EXPECT_EQ(median.value_or(std::numeric_limits<double>::infinity()),
              file.scalar(name, "out/lifelines/median"))
        << file.about(name);
  }
}

TEST_F(KaplanMeierGoldens, CensoringCurveEqualsScikitSurvival) {
  for (const auto& name : file.names()) {
    const KaplanMeier c =
        reverse_kaplan_meier(file.doubles(name, "in/time"), file.bytes(name, "in/event"));
    expect_close(c.survival, file.doubles(name, "out/sksurv_reverse/surv"), file.about(name));
  }
}

TEST(KaplanMeier, IsRightContinuousAndOneBeforeTheFirstTime) {
  const KaplanMeier c =
      kaplan_meier(std::vector<double>{1, 2, 3, 4}, std::vector<uint8_t>{1, 0, 1, 1});
  EXPECT_EQ(c.survival_at(0.5), 1.0);
  EXPECT_EQ(c.survival_at(1.0), 0.75);
  EXPECT_EQ(c.survival_at(2.9), 0.75);
  EXPECT_EQ(c.survival_at(3.0), 0.375);
  EXPECT_EQ(c.survival_at(100), 0.0);
}

TEST(KaplanMeier, MedianSurvivesRoundingOfExactlyOneHalf) {
  // Ten patients, one event at a time: after the fifth S is 1/2 up to the rounding of five factors.
  for (int n = 2; n <= 200; n += 2) {
    std::vector<double> time;
    for (int i = 1; i <= n; ++i) time.push_back(i);
    const KaplanMeier c = kaplan_meier(time, std::vector<uint8_t>(time.size(), 1));
    EXPECT_EQ(median_time(c), n / 2.0);
  }
}

TEST(KaplanMeier, RefusesWhatIsNoSurvivalData) {
  const std::vector<double> one{1};
  EXPECT_THROW(kaplan_meier(std::vector<double>{}, std::vector<uint8_t>{}), Error);
  EXPECT_THROW(kaplan_meier(one, std::vector<uint8_t>{1, 0}), Error);
  EXPECT_THROW(kaplan_meier(one, std::vector<uint8_t>{2}), Error);
  EXPECT_THROW(kaplan_meier(std::vector<double>{std::nan("")}, std::vector<uint8_t>{1}), Error);
  const KaplanMeier c = kaplan_meier(one, std::vector<uint8_t>{1});
  EXPECT_THROW(confidence_band(c, Band::plain, 1.0), Error);
  EXPECT_THROW(confidence_band(c, Band::plain, std::nan("")), Error);
}

}  // namespace
}  // namespace tractrix::survival
