#include "tractrix/survival/curve_summary.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/cases.hpp"
#include "tractrix/survival/adjust.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

void expect_close(const std::vector<double>& values, const std::vector<double>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(test::close(values[i], expected[i])) << values[i] << " not " << expected[i];
  }
}

TEST(CurveSummaryGoldens, EqualRAndLifelines) {
  const CaseFile file(kGoldens / "kaplan_meier");
  int64_t means = 0;
  int64_t hazards = 0;
  for (const auto& name : file.names()) {
    SCOPED_TRACE(name + ": " + file.about(name));
    const auto curve = kaplan_meier(file.doubles(name, "in/time"), file.bytes(name, "in/event"));
    if (file.has(name, "out/R/nelson_aalen")) {
      expect_close(nelson_aalen(curve), file.doubles(name, "out/R/nelson_aalen"));
      ++hazards;
    }
    const auto taus = file.doubles(name, "in/taus");
    for (size_t k = 0; k < taus.size(); ++k) {
      const std::string key = "out/lifelines/rmst_and_variance_at_tau" + std::to_string(k);
      if (!file.has(name, key)) continue;
      if (taus[k] > curve.time.back() && curve.survival.back() > 0) {
        EXPECT_THROW(restricted_mean(curve, taus[k]), Error);
        continue;
      }
      const double mean = restricted_mean(curve, taus[k]);
      EXPECT_TRUE(test::close(mean, file.doubles(name, key).at(0))) << taus[k] << ": " << mean;
      ++means;
    }
  }
  EXPECT_GE(hazards, 11);
  EXPECT_GE(means, 10);
}

// NaN in R: not reached.
void expect_time(const std::optional<double>& value, double expected, const std::string& what) {
  EXPECT_EQ(value.has_value(), !std::isnan(expected)) << what;
  if (value && !std::isnan(expected)) {
    EXPECT_TRUE(test::close(*value, expected)) << what << ": " << *value << " not " << expected;
  }
}

TEST(CurveSummaryGoldens, QuartilesAndTheirLimitsEqualR) {
  const std::vector<std::pair<Band, std::string>> bands{
      {Band::plain, "plain"}, {Band::log, "log"}, {Band::log_log, "log-log"}};
  const CaseFile file(kGoldens / "kaplan_meier");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    const auto curve = kaplan_meier(file.doubles(name, "in/time"), file.bytes(name, "in/event"));
    for (const auto& [band, label] : bands) {
      const std::string key = "out/R/" + label + "/quartiles";
      if (!file.has(name, key)) continue;
      SCOPED_TRACE(file.about(name) + " " + label);
      for (size_t q = 0; q < 3; ++q) {
        const auto t = time_quantile(curve, 0.25 * static_cast<double>(q + 1), band);
        const std::string which = "quartile " + std::to_string(q + 1);
        expect_time(t.estimate, file.doubles(name, key).at(q), which);
        expect_time(t.lower, file.doubles(name, key + "_lower").at(q), which + " lower");
        double upper = file.doubles(name, key + "_upper").at(q);
        // The upper log limit is 0.458 at 45 and 0.462 at 48: R's quantile() sorts the limits and
        // finds 48; its print and the definition, the first time below 1/2, give 45.
        if (name == "aml_all" && band == Band::log && q == 1) {
          EXPECT_EQ(upper, 48);
          upper = 45;
        }
        expect_time(t.upper, upper, which + " upper");
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 100);
}

TEST(CurveSummaryGoldens, ErrorsOfRestrictedMeansEqualR) {
  const CaseFile file(kGoldens / "kaplan_meier");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    SCOPED_TRACE(file.about(name));
    const auto curve = kaplan_meier(file.doubles(name, "in/time"), file.bytes(name, "in/event"));
    const auto taus = file.doubles(name, "in/taus");
    for (size_t k = 0; k < taus.size(); ++k) {
      const std::string key = "out/R/rmean_and_se_at_tau" + std::to_string(k);
      if (!file.has(name, key)) continue;
      if (taus[k] > curve.time.back() && curve.survival.back() > 0) continue;
      const double error = restricted_mean_error(curve, taus[k]);
      EXPECT_TRUE(test::close(error, file.doubles(name, key).at(1))) << taus[k] << ": " << error;
      ++compared;
    }
  }
  EXPECT_GE(compared, 10);
}

TEST(CurveSummary, RefusesQuantilesThatAreNone) {
  const auto curve = kaplan_meier(std::vector<double>{1, 2}, std::vector<uint8_t>{1, 0});
  EXPECT_THROW(time_quantile(curve, 0), Error);
  EXPECT_THROW(time_quantile(curve, 1), Error);
  EXPECT_THROW(time_quantile(curve, std::nan("")), Error);
  EXPECT_THROW(time_quantile(curve, 0.5, Band::plain, 0), Error);
  EXPECT_THROW(time_quantile(KaplanMeier{}), Error);
  EXPECT_THROW(restricted_mean_error(curve, 3), Error);
}

TEST(CurveSummary, RefusesALimitBeyondTheFollowUp) {
  const auto curve = kaplan_meier(std::vector<double>{1, 2}, std::vector<uint8_t>{1, 0});
  EXPECT_THROW(restricted_mean(curve, 2.5), Error);
  EXPECT_THROW(restricted_mean(curve, 0), Error);
  EXPECT_THROW(restricted_mean(curve, std::nan("")), Error);
  EXPECT_EQ(restricted_mean(curve, 2), 1.5);
}

TEST(AdjustGoldens, EqualR) {
  const CaseFile file(kGoldens / "multiple_testing_and_tails");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    if (!file.has(name, "out/R/holm")) continue;
    SCOPED_TRACE(name);
    const auto p = file.doubles(name, "in/p");
    expect_close(holm(p), file.doubles(name, "out/R/holm"));
    expect_close(benjamini_hochberg(p), file.doubles(name, "out/R/BH"));
    ++compared;
  }
  EXPECT_EQ(compared, 6);
}

TEST(Adjust, RefusesUndefinedValues) {
  EXPECT_THROW(holm(std::vector<double>{0.1, std::nan("")}), Error);
  EXPECT_THROW(benjamini_hochberg(std::vector<double>{}), Error);
  EXPECT_THROW(benjamini_hochberg(std::vector<double>{1.5}), Error);
}

}  // namespace
}  // namespace tractrix::survival
