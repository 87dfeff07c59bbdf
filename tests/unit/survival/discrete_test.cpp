#include "tractrix/survival/discrete.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/cases.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;
using ::testing::HasSubstr;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

TEST(DiscreteGoldens, CurvesAndRisksEqualMcat) {
  const CaseFile file(kGoldens / "nll_loss");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    if (!file.has(name, "out/hazards")) continue;
    SCOPED_TRACE(file.about(name));
    const auto hazards = file.doubles(name, "out/hazards");
    const auto expected = file.doubles(name, "out/S");
    const auto expected_risk = file.doubles(name, "out/risk_minus_sum_S");
    const auto bins = static_cast<int64_t>(hazards.size() / expected_risk.size());
    const auto survival = discrete_survival(hazards, bins);
    ASSERT_EQ(survival.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(test::close(survival[i], expected[i])) << i;
    }
    const auto risk = discrete_risk(survival, bins);
    ASSERT_EQ(risk.size(), expected_risk.size());
    for (size_t i = 0; i < risk.size(); ++i) {
      EXPECT_TRUE(test::close(risk[i], expected_risk[i])) << i;
    }
    ++compared;
  }
  EXPECT_EQ(compared, 10);
}

TEST(DiscreteCurve, IsPiecewiseLinear) {
  const DiscreteCurve curve(std::vector<double>{2, 4, 8, 10, 20},
                            std::vector<double>{0.8, 0.6, 0.3, 0.1});
  EXPECT_EQ(curve.at(-5), 1);
  EXPECT_EQ(curve.at(2), 1);
  EXPECT_NEAR(curve.at(3), 0.9, 1e-15);
  EXPECT_NEAR(curve.at(4), 0.8, 1e-15);
  EXPECT_NEAR(curve.at(7), 0.65, 1e-15);
  EXPECT_NEAR(curve.at(20), 0.1, 1e-15);
  EXPECT_THROW(curve.at(20.1), Error);
  EXPECT_THROW(curve.at(std::nan("")), Error);
  EXPECT_NEAR(curve.quantile().value(), 8 + 2 / 3.0, 1e-14);
  EXPECT_NEAR(curve.quantile(0.2).value(), 4, 1e-14);
  EXPECT_NEAR(curve.quantile(0.25).value(), 5, 1e-14);
  EXPECT_EQ(curve.quantile(0.95), std::nullopt);
  for (double q = 0.02; q < 0.9; q += 0.02) {
    EXPECT_NEAR(curve.at(curve.quantile(q).value()), 1 - q, 1e-14);
  }
}

TEST(DiscreteCurve, TakesTheFirstTimeOfAPlateau) {
  const DiscreteCurve curve(std::vector<double>{0, 1, 2, 3}, std::vector<double>{0.5, 0.5, 0.5});
  EXPECT_EQ(curve.quantile(), 1);
  const DiscreteCurve cliff(std::vector<double>{0, 1, 2}, std::vector<double>{1, 0});
  EXPECT_EQ(cliff.quantile(), 1.5);
  EXPECT_EQ(cliff.at(1), 1);
}

TEST(DiscreteCurve, RestrictedMeanIsTheArea) {
  for (double first : {-0.5, 0.0, 2.0}) {
    const DiscreteCurve curve(std::vector<double>{first, 4, 8, 10},
                              std::vector<double>{0.8, 0.6, 0.3});
    for (double tau : {0.7, 3.0, 4.0, 9.0, 10.0}) {
      constexpr int64_t kSteps = 20000;
      double area = 0;
      for (int64_t i = 0; i < kSteps; ++i) {
        area += curve.at(tau * (static_cast<double>(i) + 0.5) / kSteps) * tau / kSteps;
      }
      EXPECT_NEAR(curve.restricted_mean(tau), area, 1e-6) << first << " " << tau;
    }
    EXPECT_THROW(curve.restricted_mean(0), Error);
    EXPECT_THROW(curve.restricted_mean(11), Error);
  }
}

std::string refusal(const std::vector<double>& edges, const std::vector<double>& survival) {
  try {
    DiscreteCurve(edges, survival);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Discrete, RefusesWhatIsNoCurve) {
  EXPECT_THROW(discrete_survival(std::vector<double>{0.5, 0.5, 0.5}, 2), Error);
  EXPECT_THROW(discrete_survival(std::vector<double>{0.5}, 0), Error);
  EXPECT_THROW(discrete_survival(std::vector<double>{1.5}, 1), Error);
  EXPECT_THROW(discrete_survival(std::vector<double>{std::nan("")}, 1), Error);
  EXPECT_THROW(discrete_risk(std::vector<double>{-0.1}, 1), Error);
  EXPECT_THAT(refusal({0, 1}, {0.5, 0.4}), HasSubstr("2 edges and 2 survival values"));
  EXPECT_THAT(refusal({0}, {}), HasSubstr("one edge more"));
  EXPECT_THAT(refusal({0, 1, 1}, {0.5, 0.4}), HasSubstr("ascend"));
  EXPECT_THAT(refusal({0, 1, 2}, {0.4, 0.5}), HasSubstr("rises from 0.4 to 0.5"));
  EXPECT_THAT(refusal({0, 1}, {std::nan("")}), HasSubstr("not within [0, 1]"));
  const DiscreteCurve curve(std::vector<double>{0, 1}, std::vector<double>{0.5});
  EXPECT_THROW(curve.quantile(0), Error);
  EXPECT_THROW(curve.quantile(1), Error);
}

}  // namespace
}  // namespace tractrix::survival
