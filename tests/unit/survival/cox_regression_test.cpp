#include "tractrix/survival/cox_regression.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cox_cases.hpp"
#include "support/cases.hpp"
#include "tractrix/survival/concordance_error.hpp"
#include "tractrix/survival/logrank.hpp"

namespace tractrix::survival {
namespace {

using cox_cases::Cohort;
using cox_cases::likelihood;
using cox_cases::random_cohort;
using test::CaseFile;
using ::testing::HasSubstr;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

void expect_close(const std::vector<double>& values, const std::vector<double>& expected,
                  const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(test::close(values[i], expected[i], 1e-12))
        << what << " " << i << ": " << values[i] << " instead of " << expected[i];
  }
}

std::vector<double> numbers(const ChiSquareTest& t) {
  return {t.chi_square, static_cast<double>(t.degrees), t.p};
}

Cohort cohort_of(const CaseFile& file, const std::string& name) {
  Cohort c;
  c.time = file.doubles(name, "in/time");
  c.event = file.bytes(name, "in/event");
  c.x = file.doubles(name, "in/x");
  for (size_t k = 0; k < c.x.size() / c.time.size(); ++k) {
    c.columns.push_back("x" + std::to_string(k));
  }
  return c;
}

class CoxGoldens : public ::testing::TestWithParam<Ties> {
 protected:
  std::string key() const { return GetParam() == Ties::efron ? "efron" : "breslow"; }
};

TEST_P(CoxGoldens, EqualR) {
  const CaseFile file(kGoldens / "cox_fit");
  ASSERT_EQ(file.names().size(), 3u);
  for (const auto& name : file.names()) {
    SCOPED_TRACE(file.about(name));
    const Cohort c = cohort_of(file, name);
    const CoxFit fit = cox_regression(c.data(), {GetParam()});
    const auto r = [&](const std::string& what) {
      return file.doubles(name, "out/R/" + key() + "/" + what);
    };
    expect_close(fit.coefficient, r("coef"), "coefficient");
    expect_close(fit.coefficient, file.doubles(name, "out/sksurv_" + key() + "/coef"), "sksurv");
    expect_close(fit.covariance, r("var"), "covariance");
    expect_close(fit.standard_error, r("se"), "standard error");
    expect_close(fit.z, r("z"), "z");
    expect_close(fit.p, r("p"), "p");
    expect_close({fit.log_likelihood_null, fit.log_likelihood}, r("loglik_null_and_fit"), "l");
    expect_close(numbers(fit.likelihood_ratio), r("likelihood_ratio_test"), "ratio");
    expect_close(numbers(fit.score), r("score_test"), "score");
    // R prints the Wald statistic with two decimals, its p in full.
    EXPECT_NEAR(fit.wald.chi_square, r("wald_test").at(0), 0.005);
    EXPECT_TRUE(test::close(fit.wald.p, r("wald_test").at(2), 1e-12));
    std::vector<double> ratios;
    for (size_t k = 0; k < fit.coefficient.size(); ++k) {
      for (double v : {fit.hazard_ratio[k], fit.interval[k].lower, fit.interval[k].upper}) {
        ratios.push_back(v);
      }
    }
    expect_close(ratios, r("hazard_ratio_lower_upper"), "hazard ratio");
    const auto c_index = concordance_error(c.time, c.event, cox_predictor(fit, c.x), 0);
    expect_close({c_index.index, c_index.standard_error}, r("concordance_and_se"), "concordance");
    EXPECT_LE(fit.steps, 8);
    EXPECT_TRUE(fit.warnings.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Both, CoxGoldens, ::testing::Values(Ties::efron, Ties::breslow));

class CoxDefinition : public ::testing::TestWithParam<std::tuple<Ties, int64_t>> {};

// The fit is where the likelihood of the definition has no slope, and the covariance is the inverse
// of its curvature.
TEST_P(CoxDefinition, MaximisesThePartialLikelihood) {
  const auto [ties, strata] = GetParam();
  const std::vector<double> step{1e-3, 1e-2, 1e-2};
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const Cohort c = random_cohort(seed, 70, strata);
    const CoxFit fit = cox_regression(c.data(), {ties});
    const auto l = [&, t = ties](const std::vector<double>& b) {
      return likelihood(c.data(), b, t);
    };
    EXPECT_NEAR(fit.log_likelihood, l(fit.coefficient), 1e-10);
    EXPECT_NEAR(fit.log_likelihood_null, l({0, 0, 0}), 1e-10);
    for (size_t i = 0; i < 3; ++i) {
      std::vector<double> up = fit.coefficient;
      std::vector<double> down = up;
      up[i] += 1e-5 * step[i];
      down[i] -= 1e-5 * step[i];
      EXPECT_NEAR((l(up) - l(down)) / (2e-5 * step[i]), 0, 1e-4);
      for (size_t j = 0; j < 3; ++j) {
        double product = 0;  // row i of the curvature times column j of the covariance
        for (size_t k = 0; k < 3; ++k) {
          product -= cox_cases::second_difference(l, fit.coefficient, step, i, k) *
                     fit.covariance[k * 3 + j];
        }
        EXPECT_NEAR(product, i == j ? 1 : 0, 3e-3 * step[j] / step[i] + 1e-3);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ties, CoxDefinition,
                         ::testing::Combine(::testing::Values(Ties::efron, Ties::breslow),
                                            ::testing::Values(int64_t{0}, int64_t{3})));

// lifelines 0.30.3, CoxPHFitter with strata and Efron's ties on the case n150, strata = row % 3.
TEST(Cox, StratifiedEqualsLifelines) {
  const CaseFile file(kGoldens / "cox_fit");
  Cohort c = cohort_of(file, "n150");
  for (int64_t i = 0; i < 150; ++i) c.strata.push_back(i % 3);
  const CoxFit fit = cox_regression(c.data());
  const std::vector<double> coefficient{0.053852887613556756, -0.18713982783862002,
                                        0.04893239566293533};
  const std::vector<double> error{0.11940739445356058, 0.21546202658347233, 0.12559521129142368};
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(fit.coefficient[k], coefficient[k], 1e-8);
    EXPECT_NEAR(fit.standard_error[k], error[k], 1e-8);
  }
  EXPECT_NEAR(fit.log_likelihood, -272.7466656747979, 1e-10);
}

// One exposed patient who dies second among n others: e^b / (n + e^b) + e^b / (n - 1 + e^b) = 1, so
// that e^2b = n (n - 1). A full Newton step from 0 goes too far for many n.
TEST(Cox, EqualsTheClosedFormOfOneExposedPatient) {
  for (int n : {2, 3, 12, 100, 5000}) {
    Cohort c{{}, {}, {}, {"exposed"}};
    for (int i = 0; i <= n; ++i) {
      c.time.push_back(i);
      c.event.push_back(1);
      c.x.push_back(i == 1 ? 1 : 0);
    }
    const double expected = std::log(static_cast<double>(n) * (n - 1)) / 2;
    const CoxFit fit = cox_regression(c.data());
    EXPECT_NEAR(fit.coefficient[0], expected, 1e-11) << n;
    // Two risk sets in which the exposed one has the shares q and 1 - q.
    const double q = std::exp(expected) / (n + std::exp(expected));
    EXPECT_NEAR(fit.standard_error[0] * std::sqrt(2 * q * (1 - q)), 1, 1e-9) << n;
  }
}

// For one binary column without ties the score test is the log-rank test, in strata, too.
TEST(Cox, ScoreTestIsTheLogRankTest) {
  for (int64_t strata : {0, 2}) {
    Cohort c = random_cohort(3, 60, strata);
    std::vector<int64_t> group;
    std::vector<double> x;
    for (size_t i = 0; i < c.time.size(); ++i) {
      c.time[i] += 1e-3 * static_cast<double>(i);
      x.push_back(c.x[i * 3 + 1]);
      group.push_back(static_cast<int64_t>(x.back()));
    }
    c.x = x;
    c.columns = {"sex"};
    const CoxFit fit = cox_regression(c.data());
    const LogRank test = log_rank(c.time, c.event, group, c.strata);
    EXPECT_NEAR(fit.score.chi_square, test.chi_square, 1e-11);
    EXPECT_NEAR(fit.score.p, test.p, 1e-12);
  }
}

TEST(Cox, UnitsChangeTheCoefficientOnly) {
  const Cohort c = random_cohort(8, 80);
  Cohort other = c;
  for (size_t i = 0; i < c.time.size(); ++i) {
    other.x[i * 3] = 1e6 + 1e3 * c.x[i * 3];
    other.x[i * 3 + 2] *= -1e-4;
  }
  const CoxFit a = cox_regression(c.data());
  const CoxFit b = cox_regression(other.data());
  EXPECT_NEAR(b.coefficient[0] * 1e3, a.coefficient[0], 1e-10);
  EXPECT_NEAR(b.coefficient[2] * -1e-4, a.coefficient[2], 1e-10);
  EXPECT_NEAR(b.z[1], a.z[1], 1e-9);
  EXPECT_NEAR(b.log_likelihood, a.log_likelihood, 1e-10);
}

// A linear predictor above 710, where exp overflows without a shift.
TEST(Cox, SurvivesHugeLinearPredictors) {
  Cohort c{{}, {}, {}, {"x"}};
  for (int i = 0; i < 60; ++i) {
    const double noise = Seed(4).uniform(static_cast<uint64_t>(i)) - 0.5;
    c.x.push_back(i);
    c.time.push_back(100 - i + 6 * noise);
    c.event.push_back(1);
  }
  c.time[59] = 1;
  c.x[59] = 1e4;  // the earliest event of all
  const CoxFit fit = cox_regression(c.data());
  EXPECT_GT(fit.coefficient[0] * 1e4, 710);
  EXPECT_TRUE(std::isfinite(fit.log_likelihood));
  EXPECT_GT(fit.log_likelihood, fit.log_likelihood_null);
}

TEST(Cox, WarnsOfMoreColumnsThanEvents) {
  Cohort c = random_cohort(1, 60);
  int64_t left = 2;
  for (auto& event : c.event) {
    if (event != 0 && left-- <= 0) event = 0;
  }
  try {
    const CoxFit fit = cox_regression(c.data());
    EXPECT_THAT(fit.warnings, ::testing::ElementsAre(HasSubstr("3 columns but only 2 events")));
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("infinite"));
  }
}

std::string refusal(const CoxData& data, const CoxOptions& options = {}) {
  try {
    cox_regression(data, options);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Cox, NamesColumnsThatCannotBeTold) {
  Cohort c = random_cohort(2, 50);
  const size_t n = c.time.size();
  Cohort constant = c;
  for (size_t i = 0; i < n; ++i) constant.x[i * 3 + 1] = 0.1;
  EXPECT_THAT(refusal(constant.data()), HasSubstr("column 'sex' is constant"));
  Cohort dependent = c;
  for (size_t i = 0; i < n; ++i) dependent.x[i * 3 + 2] = 3 - 2 * c.x[i * 3];
  EXPECT_THAT(refusal(dependent.data()),
              HasSubstr("column 'score' is a linear combination of 'age' among"));
  for (size_t i = 0; i < n; ++i) dependent.x[i * 3 + 2] = c.x[i * 3] - 5 * c.x[i * 3 + 1];
  EXPECT_THAT(refusal(dependent.data()), HasSubstr("of 'age', 'sex' among"));
  // A column that the strata fix, and one that varies before the first event only.
  Cohort fixed = c;
  for (size_t i = 0; i < n; ++i) fixed.strata.push_back(static_cast<int64_t>(c.x[i * 3 + 1]));
  EXPECT_THAT(refusal(fixed.data()), HasSubstr("column 'sex' is constant among the patients"));
  Cohort early = c;
  for (size_t i = 0; i < n; ++i) early.x[i * 3 + 1] = i == 0 ? 1 : 0;
  early.time[0] = 0.5;
  early.event[0] = 0;
  EXPECT_THAT(refusal(early.data()), HasSubstr("column 'sex' is constant among the patients"));
}

TEST(Cox, NamesColumnsWithInfiniteCoefficients) {
  Cohort c = random_cohort(6, 60);
  const size_t n = c.time.size();
  Cohort separated = c;
  for (size_t i = 0; i < n; ++i) separated.x[i * 3 + 1] = c.event[i];
  EXPECT_THAT(refusal(separated.data()),
              HasSubstr("coefficient of 'sex' is infinite: its largest"));
  EXPECT_THAT(refusal(separated.data(), {Ties::breslow}), HasSubstr("monotone likelihood"));
  for (size_t i = 0; i < n; ++i) separated.x[i * 3 + 1] = 1 - c.event[i];
  EXPECT_THAT(refusal(separated.data()),
              HasSubstr("coefficient of 'sex' is infinite: its smallest"));
  // Neither column alone separates, their sum does.
  Cohort two = c;
  for (size_t i = 0; i < n; ++i) two.x[i * 3] = 40 * c.event[i] - 7 * c.x[i * 3 + 2];
  EXPECT_THAT(refusal(two.data()), HasSubstr("a combination of 'age', 'score'"));
  // The risk falls with time without exception.
  Cohort perfect{{1, 2, 3, 4}, {1, 1, 1, 1}, {8, 5, 4, 1}, {"x"}};
  EXPECT_THAT(refusal(perfect.data()), HasSubstr("coefficient of 'x' is infinite"));
  perfect.x = {8, 4, 5, 1};
  EXPECT_EQ(refusal(perfect.data()), "no error");
}

TEST(Cox, RefusesWhatIsNoData) {
  const double nan = std::nan("");
  const Cohort c{{1, 2, 3}, {1, 1, 0}, {1, 3, 2}, {"x"}};
  const auto with = [&](auto change) {
    Cohort other = c;
    change(other);
    return refusal(other.data());
  };
  EXPECT_EQ(refusal(c.data()), "no error");
  EXPECT_THAT(with([](Cohort& o) { o.event = {0, 0, 0}; }), HasSubstr("all patients are censored"));
  EXPECT_THAT(with([](Cohort& o) { o.event = {1, 1}; }), HasSubstr("3 times and 2 events"));
  EXPECT_THAT(with([](Cohort& o) { o.event = {1, 2, 0}; }), HasSubstr("event of patient 1 is 2"));
  EXPECT_THAT(with([&](Cohort& o) { o.time[1] = nan; }), HasSubstr("time of patient 1 is nan"));
  EXPECT_THAT(with([&](Cohort& o) { o.x[2] = nan; }), HasSubstr("column 'x' of patient 2 is nan"));
  EXPECT_THAT(with([](Cohort& o) { o.x = {1, 2}; }), HasSubstr("2 covariates were given for 3"));
  EXPECT_THAT(with([](Cohort& o) { o.strata = {1}; }), HasSubstr("1 strata were given for 3"));
  EXPECT_THAT(with([](Cohort& o) { o.columns = {}; }), HasSubstr("at least one column"));
  EXPECT_THAT(refusal(c.data(), {Ties::efron, 1.5}), HasSubstr("confidence level"));
  EXPECT_THAT(refusal(random_cohort(1, 50).data(), {Ties::efron, 0.95, 1}),
              HasSubstr("no convergence in 1 steps"));
  // All that is wrong in one message.
  const auto both = with([&](Cohort& o) {
    o.event = {0, 0, 0};
    o.x = {2, 2, 2};
  });
  EXPECT_THAT(both, HasSubstr("all patients are censored"));
  EXPECT_THAT(both, HasSubstr("column 'x' is constant"));
  const CoxFit fit = cox_regression(random_cohort(1, 50).data());
  EXPECT_THROW(cox_predictor(fit, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(cox_predictor(fit, std::vector<double>{1, 2, nan}), Error);
}

}  // namespace
}  // namespace tractrix::survival
