#include "tractrix/survival/cox_baseline.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "cox_cases.hpp"
#include "support/cases.hpp"
#include "tractrix/survival/curve_summary.hpp"
#include "tractrix/survival/proportional_hazards.hpp"

namespace tractrix::survival {
namespace {

using cox_cases::Cohort;
using cox_cases::random_cohort;
using test::CaseFile;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

Cohort cohort_of(const CaseFile& file, const std::string& name) {
  Cohort c{
      file.doubles(name, "in/time"), file.bytes(name, "in/event"), file.doubles(name, "in/x"), {}};
  c.columns.resize(c.x.size() / c.time.size());
  for (size_t k = 0; k < c.columns.size(); ++k) c.columns[k] = "x" + std::to_string(k);
  return c;
}

TEST(CoxBaselineGoldens, EqualRAndLifelines) {
  const CaseFile file(kGoldens / "cox_fit");
  for (const auto& name : file.names()) {
    for (const std::string key : {"efron", "breslow"}) {
      SCOPED_TRACE(file.about(name) + " " + key);
      const Cohort c = cohort_of(file, name);
      const CoxFit fit = cox_regression(c.data(), {key == "efron" ? Ties::efron : Ties::breslow});
      const auto baseline = cox_baseline(c.data(), fit);
      ASSERT_EQ(baseline.size(), 1u);
      EXPECT_EQ(baseline[0].time, file.doubles(name, "out/R/" + key + "/baseline_time"));
      // R's values are those of x = 0.
      double offset = 0;
      for (size_t k = 0; k < fit.mean.size(); ++k) offset += fit.coefficient[k] * fit.mean[k];
      const auto expected = file.doubles(name, "out/R/" + key + "/baseline_cumulative_hazard");
      ASSERT_EQ(baseline[0].cumulative_hazard.size(), expected.size());
      for (size_t k = 0; k < expected.size(); ++k) {
        const double value = baseline[0].cumulative_hazard[k] * std::exp(-offset);
        EXPECT_TRUE(test::close(value, expected[k], 1e-12)) << value << " not " << expected[k];
      }
    }
  }
}

TEST(CoxBaselineGoldens, ProportionalHazardsTestsEqualR) {
  const CaseFile file(kGoldens / "cox_fit");
  for (const auto& name : file.names()) {
    for (const std::string key : {"efron", "breslow"}) {
      SCOPED_TRACE(file.about(name) + " " + key);
      const Cohort c = cohort_of(file, name);
      const CoxFit fit = cox_regression(c.data(), {key == "efron" ? Ties::efron : Ties::breslow});
      const auto result = proportional_hazards_test(c.data(), fit);
      const auto expected = file.doubles(name, "out/R/" + key + "/zph_km_chisq_df_p");
      auto tests = result.columns;
      tests.push_back(result.global);
      ASSERT_EQ(expected.size(), 3 * tests.size());
      for (size_t k = 0; k < tests.size(); ++k) {
        EXPECT_TRUE(test::close(tests[k].chi_square, expected[3 * k], 1e-12))
            << tests[k].chi_square << " not " << expected[3 * k];
        EXPECT_EQ(static_cast<double>(tests[k].degrees), expected[3 * k + 1]);
        EXPECT_TRUE(test::close(tests[k].p, expected[3 * k + 2], 1e-12));
      }
    }
  }
}

TEST(CoxBaseline, IsTheSumOfItsDefinitionInEveryStratum) {
  const Cohort c = random_cohort(11, 60, 2);
  const CoxFit fit = cox_regression(c.data(), {Ties::breslow});
  const auto predictor = cox_predictor(fit, c.x);
  const auto baselines = cox_baseline(c.data(), fit);
  ASSERT_EQ(baselines.size(), 2u);
  for (const CoxBaseline& b : baselines) {
    double last = 0;
    for (size_t k = 0; k < b.time.size(); ++k) {
      double deaths = 0;
      double risk = 0;
      for (size_t i = 0; i < c.time.size(); ++i) {
        if (c.strata[i] != b.stratum || c.time[i] < b.time[k]) continue;
        risk += std::exp(predictor[i]);
        deaths += c.time[i] == b.time[k] && c.event[i] != 0;
      }
      EXPECT_NEAR(b.cumulative_hazard[k] - last, deaths / risk, 1e-12);
      last = b.cumulative_hazard[k];
    }
  }
}

// Without an effect the baseline is Nelson-Aalen's: one binary column, balanced at every time.
TEST(CoxBaseline, WithoutAnEffectIsNelsonAalen) {
  Cohort c{{}, {}, {}, {"x"}};
  for (int i = 0; i < 20; ++i) {
    for (double x : {0.0, 1.0}) {
      c.time.push_back(i / 2);
      c.event.push_back(i % 3 != 0);
      c.x.push_back(x);
    }
  }
  const CoxFit fit = cox_regression(c.data(), {Ties::breslow});
  EXPECT_NEAR(fit.coefficient[0], 0, 1e-14);
  const auto expected = nelson_aalen(kaplan_meier(c.time, c.event));
  const auto baseline = cox_baseline(c.data(), fit).at(0);
  ASSERT_EQ(baseline.cumulative_hazard.size(), expected.size());
  for (size_t k = 0; k < expected.size(); ++k) {
    EXPECT_NEAR(baseline.cumulative_hazard[k], expected[k], 1e-13);
  }
}

TEST(CoxBaseline, PredictsSurvivalWithinTheFollowUp) {
  const CoxBaseline b{0, {1, 2, 4}, {0.1, 0.1, 0.5}};
  const auto s = cox_survival(b, std::vector<double>{0, std::log(2.0), -std::log(2.0)},
                              std::vector<double>{0.5, 1, 3.9, 4});
  ASSERT_EQ(s.size(), 12u);
  EXPECT_EQ(s[0], 1);
  EXPECT_NEAR(s[1], std::exp(-0.1), 1e-15);
  EXPECT_NEAR(s[2], std::exp(-0.1), 1e-15);
  EXPECT_NEAR(s[4 + 3], std::exp(-1.0), 1e-15);
  EXPECT_NEAR(s[8 + 3], std::exp(-0.25), 1e-15);
  EXPECT_THROW(b.at(4.1), Error);
  EXPECT_THROW(b.at(std::nan("")), Error);
  EXPECT_THROW(CoxBaseline{}.at(1), Error);
  EXPECT_THROW(cox_survival(b, std::vector<double>{std::nan("")}, std::vector<double>{1}), Error);
}

TEST(Schoenfeld, ResidualsAreDistancesFromTheRiskSet) {
  for (int64_t strata : {0, 3}) {
    const Cohort c = random_cohort(21, 60, strata);
    const CoxFit fit = cox_regression(c.data(), {Ties::breslow});
    const auto predictor = cox_predictor(fit, c.x);
    const auto s = schoenfeld_residuals(c.data(), fit);
    ASSERT_EQ(static_cast<int64_t>(s.time.size()), fit.events);
    std::vector<double> sum(3, 0.0);
    for (size_t e = 0; e < s.time.size(); ++e) {
      const auto own = static_cast<size_t>(s.patient[e]);
      EXPECT_EQ(c.time[own], s.time[e]);
      EXPECT_TRUE(e == 0 || strata > 0 || s.time[e - 1] <= s.time[e]);
      for (size_t k = 0; k < 3; ++k) {
        double weighted = 0;
        double weight = 0;
        for (size_t i = 0; i < c.time.size(); ++i) {
          if (c.time[i] < c.time[own] || (strata > 0 && c.strata[i] != c.strata[own])) continue;
          weight += std::exp(predictor[i]);
          weighted += std::exp(predictor[i]) * c.x[i * 3 + k];
        }
        EXPECT_NEAR(s.residual[e * 3 + k], c.x[own * 3 + k] - weighted / weight, 1e-11);
        sum[k] += s.residual[e * 3 + k];
      }
    }
    for (double value : sum) EXPECT_NEAR(value, 0, 1e-10);
  }
  const Cohort tied = random_cohort(22, 60);
  const auto s = schoenfeld_residuals(tied.data(), cox_regression(tied.data()));
  for (size_t k = 0; k < 3; ++k) {
    double sum = 0;
    for (size_t e = 0; e < s.time.size(); ++e) sum += s.residual[e * 3 + k];
    EXPECT_NEAR(sum, 0, 1e-10);
  }
}

// u' (second derivative)^-1 u of the likelihood with coefficients b + c g(t), by differences.
double numeric_test(const Cohort& c, const CoxFit& fit, const cox_cases::TimeFunction& g) {
  const auto l = [&](const std::vector<double>& v) {
    return cox_cases::likelihood(c.data(), {v[0]}, {v[1]}, g, fit.ties);
  };
  const std::vector<double> at{fit.coefficient[0], 0};
  const std::vector<double> step{1e-3, 1e-3};
  const auto h = [&](size_t i, size_t j) {
    return -cox_cases::second_difference(l, at, step, i, j);
  };
  const double slope = (l({at[0], 1e-4}) - l({at[0], -1e-4})) / 2e-4;
  return slope * slope / (h(1, 1) - h(0, 1) * h(0, 1) / h(0, 0));
}

TEST(ProportionalHazards, IsTheScoreTestOfATimeDependentCoefficient) {
  for (int64_t strata : {0, 2}) {
    Cohort c = random_cohort(31, 60, strata);
    std::vector<double> x;
    for (size_t i = 0; i < c.time.size(); ++i) x.push_back(c.x[i * 3 + 2]);
    c.x = x;
    c.columns = {"score"};
    const CoxFit fit = cox_regression(c.data());
    const auto value = [&](TimeTransform t) {
      return proportional_hazards_test(c.data(), fit, t).columns.at(0).chi_square;
    };
    const KaplanMeier curve = kaplan_meier(c.time, c.event);
    const auto rank = [&](double t) {
      double below = 0;
      double same = 0;
      for (double other : c.time) {
        below += other < t;
        same += other == t;
      }
      return (below + (same + 1) / 2 - 30) / 10;  // neither scale nor offset matters
    };
    const auto expect = [&](TimeTransform t, const cox_cases::TimeFunction& g) {
      const double expected = numeric_test(c, fit, g);
      EXPECT_NEAR(value(t), expected, 1e-4 * expected + 1e-6);
    };
    expect(TimeTransform::identity, [](double t) { return (t - 5) / 10; });
    expect(TimeTransform::log, [](double t) { return std::log(t); });
    expect(TimeTransform::rank, rank);
    expect(TimeTransform::kaplan_meier,
           [&](double t) { return 1 - curve.survival_at(std::nextafter(t, 0)); });
  }
}

TEST(ProportionalHazards, RefusesWhatIsUndefined) {
  const Cohort c = random_cohort(1, 50);
  const CoxFit fit = cox_regression(c.data());
  Cohort other = c;
  other.time.pop_back();
  other.event.pop_back();
  EXPECT_THROW(proportional_hazards_test(other.data(), fit), Error);
  EXPECT_THROW(schoenfeld_residuals(other.data(), fit), Error);
  EXPECT_THROW(cox_baseline(other.data(), fit), Error);
  Cohort zero = c;
  zero.time[3] = 0;
  const CoxFit with_zero = cox_regression(zero.data());
  EXPECT_THROW(proportional_hazards_test(zero.data(), with_zero, TimeTransform::log), Error);
  Cohort one{{1, 1, 1, 2, 2}, {1, 1, 1, 0, 0}, {1, 5, 2, 4, 0}, {"x"}};
  const CoxFit at_once = cox_regression(one.data());
  EXPECT_THROW(proportional_hazards_test(one.data(), at_once), Error);
}

}  // namespace
}  // namespace tractrix::survival
