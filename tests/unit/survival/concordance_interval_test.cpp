#include "tractrix/survival/concordance_interval.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "support/cases.hpp"
#include "tractrix/core/seed.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;
using ::testing::HasSubstr;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";
constexpr double kZ95 = 1.959963984540054;

struct Cohort {
  std::vector<double> time;
  std::vector<uint8_t> event;
  std::vector<double> first, second;
};

Cohort random_cohort(uint64_t seed, size_t n) {
  const Seed all(seed);
  Cohort c;
  for (size_t i = 0; i < n; ++i) {
    const double signal = all.at("signal").uniform(i);
    c.time.push_back(std::floor(20 * (1.2 - signal) * (0.5 + all.at("time").uniform(i))));
    c.event.push_back(all.at("event").uniform(i) < 0.6 ? 1 : 0);
    c.first.push_back(std::floor(10 * signal) + std::floor(3 * all.at("a").uniform(i)));
    c.second.push_back(std::floor(5 * signal) + std::floor(9 * all.at("b").uniform(i)));
  }
  return c;
}

// The index when patient i counts weight[i] times, from the definition.
double weighted_index(const Cohort& c, const std::vector<double>& risk,
                      const std::vector<double>& weight) {
  double right = 0;
  double all = 0;
  for (size_t i = 0; i < risk.size(); ++i) {
    if (c.event[i] == 0) continue;
    for (size_t j = 0; j < risk.size(); ++j) {
      if (c.time[j] < c.time[i] || (c.time[j] == c.time[i] && c.event[j] == 1)) continue;
      const double w = weight[i] * weight[j];
      right += risk[i] > risk[j] ? w : (risk[i] == risk[j] ? w / 2 : 0);
      all += w;
    }
  }
  return right / all;
}

// Root of the sum of squared derivatives by the weights, by central differences.
double numeric_error(size_t n, const std::function<double(const std::vector<double>&)>& index) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    std::vector<double> up(n, 1.0);
    std::vector<double> down(n, 1.0);
    up[i] += 1e-4;
    down[i] -= 1e-4;
    const double slope = (index(up) - index(down)) / 2e-4;
    sum += slope * slope;
  }
  return std::sqrt(sum);
}

TEST(ConcordanceInterval, IsRsStandardErrorTimesTheQuantile) {
  const CaseFile file(kGoldens / "cindex_n500");
  for (const auto& name : file.names()) {
    const double c = file.scalar(name, "out/R/n/c");
    const double se = file.scalar(name, "out/R/n/std");
    const auto estimate =
        concordance_error(file.doubles(name, "in/time"), file.bytes(name, "in/event"),
                          file.doubles(name, "in/risk"), 0);
    const Interval plain = concordance_interval(estimate, ConcordanceScale::plain);
    EXPECT_NEAR(plain.lower, c - kZ95 * se, 1e-12);
    EXPECT_NEAR(plain.upper, c + kZ95 * se, 1e-12);
    const Interval logit = concordance_interval(estimate);
    const double half = kZ95 * se / (c * (1 - c));
    EXPECT_NEAR(std::log(logit.lower / (1 - logit.lower)), std::log(c / (1 - c)) - half, 1e-11);
    EXPECT_NEAR(std::log(logit.upper / (1 - logit.upper)), std::log(c / (1 - c)) + half, 1e-11);
  }
}

TEST(ConcordanceInterval, StaysWithinZeroAndOne) {
  const ConcordanceError estimate{0.97, 0.05, {}};
  EXPECT_EQ(concordance_interval(estimate, ConcordanceScale::plain).upper, 1.0);
  EXPECT_LT(concordance_interval(estimate, ConcordanceScale::logit).upper, 1.0);
  EXPECT_EQ(concordance_interval({0.02, 0.05, {}}, ConcordanceScale::plain).lower, 0.0);
}

TEST(CompareConcordance, EqualsTheDerivativeByTheWeights) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Cohort c = random_cohort(seed, 12 + seed);
    const auto result = compare_concordance(c.time, c.event, c.first, c.second, 0.95, 0);
    const auto difference = [&](const std::vector<double>& w) {
      return weighted_index(c, c.first, w) - weighted_index(c, c.second, w);
    };
    const std::vector<double> ones(c.time.size(), 1.0);
    EXPECT_NEAR(result.difference, difference(ones), 1e-14);
    EXPECT_NEAR(result.standard_error, numeric_error(ones.size(), difference), 1e-7);
    EXPECT_NEAR(result.z, result.difference / result.standard_error, 1e-14);
    EXPECT_NEAR(result.p, std::erfc(std::abs(result.z) / std::sqrt(2.0)), 1e-14);
    EXPECT_NEAR(result.interval.upper - result.interval.lower, 2 * kZ95 * result.standard_error,
                1e-14);
  }
}

TEST(CompareConcordance, IsNarrowerThanForIndependentIndicesAndAntisymmetric) {
  const Cohort c = random_cohort(5, 200);
  std::vector<double> near = c.first;
  for (size_t i = 0; i < near.size(); i += 20) near[i] += 1;
  const auto ab = compare_concordance(c.time, c.event, c.first, near);
  const auto ba = compare_concordance(c.time, c.event, near, c.first);
  const double alone = concordance_error(c.time, c.event, c.first).standard_error;
  EXPECT_LT(ab.standard_error, alone / 2);
  EXPECT_EQ(ab.difference, -ba.difference);
  EXPECT_EQ(ab.z, -ba.z);
  EXPECT_EQ(ab.p, ba.p);
}

// Two correlated risks of the same worth: the test rejects in about 5 % of the samples.
TEST(CompareConcordance, HoldsItsLevelWhenNeitherIsBetter) {
  int64_t rejected = 0;
  constexpr int64_t kSamples = 400;
  for (uint64_t k = 0; k < kSamples; ++k) {
    const Seed one = Seed(77).at("sample", k);
    Cohort c;
    for (size_t i = 0; i < 120; ++i) {
      const double signal = one.at("s").uniform(i);
      c.time.push_back(signal + one.at("t").uniform(i));
      c.event.push_back(one.at("e").uniform(i) < 0.7 ? 1 : 0);
      c.first.push_back(-signal + one.at("a").uniform(i));
      c.second.push_back(-signal + one.at("b").uniform(i));
    }
    rejected += compare_concordance(c.time, c.event, c.first, c.second).p < 0.05;
  }
  EXPECT_GE(rejected, 8);   // 2 %
  EXPECT_LE(rejected, 36);  // 9 %: four standard deviations from 5 %
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(ConcordanceInterval, RefusesCertainty) {
  const std::vector<double> time{1, 2, 3};
  const std::vector<uint8_t> event{1, 1, 1};
  const std::vector<double> risk{3, 2, 1};
  const std::vector<double> tied{1, 1, 1};
  const auto interval = [&](const std::vector<double>& r, double level) {
    concordance_interval(concordance_error(time, event, r), ConcordanceScale::logit, level);
  };
  EXPECT_THAT(refusal([&] { interval(risk, 0.95); }), HasSubstr("standard error of the index 1"));
  EXPECT_THAT(refusal([&] { interval(tied, 0.95); }), HasSubstr("standard error of the index 0.5"));
  EXPECT_THAT(refusal([&] { interval(risk, 1); }), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal([&] { interval(risk, std::nan("")); }), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal([&] {
                compare_concordance(time, event, risk, std::vector<double>{6, 4, 2});
              }),
              HasSubstr("rank the patients in the same way"));
  EXPECT_THAT(refusal([&] {
                compare_concordance(time, event, risk, std::vector<double>{6, 4});
              }),
              HasSubstr("2 risks were given for 3"));
}

}  // namespace
}  // namespace tractrix::survival
