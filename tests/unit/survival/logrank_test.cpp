#include "tractrix/survival/logrank.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/cases.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;
using ::testing::HasSubstr;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

// p values below 1e-100 agree in their logarithm.
bool close_p(double p, double expected) {
  if (expected > 0 && expected < 1e-100) return test::close(std::log(p), std::log(expected), 1e-9);
  return test::close(p, expected);
}

void expect_close(const std::vector<double>& values, const std::vector<double>& expected,
                  const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(test::close(values[i], expected[i]))
        << what << " " << i << ": " << values[i] << " instead of " << expected[i];
  }
}

TEST(LogRankGoldens, EqualScikitSurvival) {
  const CaseFile file(kGoldens / "logrank");
  ASSERT_EQ(file.names().size(), 15u);
  for (const auto& name : file.names()) {
    SCOPED_TRACE(file.about(name));
    const auto time = file.doubles(name, "in/time");
    const auto event = file.bytes(name, "in/event");
    const auto group = file.integers(name, "in/group");
    if (file.refused(name, "sksurv")) {
      EXPECT_THROW(log_rank(time, event, group), Error);
      continue;
    }
    const LogRank test = log_rank(time, event, group);
    EXPECT_TRUE(test::close(test.chi_square, file.scalar(name, "out/sksurv/chisq")));
    EXPECT_TRUE(close_p(test.p, file.scalar(name, "out/sksurv/p"))) << test.p;
    EXPECT_EQ(test.counts, file.integers(name, "out/sksurv/counts"));
    EXPECT_EQ(test.degrees, static_cast<int64_t>(test.counts.size()) - 1);
    const auto observed = file.integers(name, "out/sksurv/observed");
    expect_close(test.observed, {observed.begin(), observed.end()}, "observed");
    expect_close(test.expected, file.doubles(name, "out/sksurv/expected"), "expected");
    expect_close(test.variance, file.doubles(name, "out/sksurv/var"), "variance");
  }
}

TEST(LogRankGoldens, StratifiedEqualsR) {
  const CaseFile file(kGoldens / "logrank");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    if (!file.has(name, "out/R/stratified/chisq")) continue;
    SCOPED_TRACE(file.about(name));
    const LogRank test =
        log_rank(file.doubles(name, "in/time"), file.bytes(name, "in/event"),
                 file.integers(name, "in/group"), file.integers(name, "in/strata"));
    EXPECT_TRUE(test::close(test.chi_square, file.scalar(name, "out/R/stratified/chisq")));
    EXPECT_TRUE(close_p(test.p, file.scalar(name, "out/R/stratified/p")));
    ++compared;
  }
  EXPECT_GE(compared, 5);
}

TEST(LogRankGoldens, PairwiseEqualsR) {
  const CaseFile file(kGoldens / "logrank");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    // One group never has patients at risk, or nobody an event: R's 1 is no p value.
    if (!file.has(name, "out/R/pairwise/p") || file.refused(name, "sksurv")) continue;
    SCOPED_TRACE(file.about(name));
    const auto pairs =
        pairwise_log_rank(file.doubles(name, "in/time"), file.bytes(name, "in/event"),
                          file.integers(name, "in/group"));
    const auto p = file.doubles(name, "out/R/pairwise/p");
    const auto by_holm = file.doubles(name, "out/R/pairwise/p_holm");
    const auto by_rate = file.doubles(name, "out/R/pairwise/p_BH");
    ASSERT_EQ(pairs.size(), p.size());
    for (size_t k = 0; k < pairs.size(); ++k) {
      EXPECT_TRUE(close_p(pairs[k].p, p[k])) << k;
      EXPECT_TRUE(close_p(pairs[k].holm, by_holm[k])) << k;
      EXPECT_TRUE(close_p(pairs[k].benjamini_hochberg, by_rate[k])) << k;
      EXPECT_LT(pairs[k].first, pairs[k].second);
    }
    ++compared;
  }
  EXPECT_EQ(compared, 12);
}

TEST(LogRank, PairwiseKeepsStrataAndNamesAnUndefinedPair) {
  const std::vector<double> time{5, 6, 7, 8, 1, 2, 3, 9};
  const std::vector<uint8_t> event{1, 1, 1, 1, 1, 1, 1, 1};
  const std::vector<int64_t> group{0, 1, 0, 1, 0, 1, 1, 0};
  const std::vector<int64_t> strata{0, 0, 1, 1, 0, 0, 1, 1};
  const auto pairs = pairwise_log_rank(time, event, group, strata);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].chi_square, log_rank(time, event, group, strata).chi_square);
  EXPECT_NE(pairs[0].chi_square, log_rank(time, event, group).chi_square);
  const std::vector<int64_t> three{0, 1, 0, 1, 4, 4, 1, 0};
  const std::vector<uint8_t> early{1, 1, 1, 1, 0, 0, 0, 1};
  try {
    pairwise_log_rank(time, early, three);
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("groups 0 and 4"));
  }
  EXPECT_THROW(pairwise_log_rank(time, event, std::vector<int64_t>(8, 3)), Error);
}

TEST(LogRank, DoesNotDependOnTheNamesOfGroups) {
  const std::vector<double> time{1, 2, 3, 4, 5, 6, 7};
  const std::vector<uint8_t> event{1, 1, 0, 1, 1, 1, 0};
  const LogRank a = log_rank(time, event, std::vector<int64_t>{0, 1, 0, 1, 2, 2, 0});
  const LogRank b = log_rank(time, event, std::vector<int64_t>{7, -5, 7, -5, 3, 3, 7});
  EXPECT_TRUE(test::close(a.chi_square, b.chi_square));
  EXPECT_THAT(b.groups, ::testing::ElementsAre(-5, 3, 7));
  EXPECT_THAT(b.counts, ::testing::ElementsAre(2, 2, 3));
}

std::string refusal(const std::vector<double>& time, const std::vector<uint8_t>& event,
                    const std::vector<int64_t>& group, const std::vector<int64_t>& strata = {}) {
  try {
    log_rank(time, event, group, strata);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(LogRank, SaysWhatIsUndefined) {
  EXPECT_THAT(refusal({1, 2, 3}, {1, 1, 1}, {4, 4, 4}),
              HasSubstr("undefined: there is only one group"));
  EXPECT_THAT(refusal({1, 2, 3}, {0, 0, 0}, {0, 0, 1}),
              HasSubstr("undefined: all patients are censored"));
  EXPECT_THAT(refusal({5, 6, 1, 2}, {1, 1, 0, 0}, {0, 0, 1, 1}),
              HasSubstr("undefined: the variance"));
  // Three groups of which one leaves early: singular although the two others differ, whichever
  // comes last.
  EXPECT_THAT(refusal({5, 6, 7, 8, 1, 2}, {1, 1, 1, 1, 0, 0}, {0, 0, 1, 1, 2, 2}),
              HasSubstr("undefined: the variance"));
  EXPECT_THAT(refusal({5, 6, 7, 8, 1, 2}, {1, 1, 1, 1, 0, 0}, {0, 0, 2, 2, 1, 1}),
              HasSubstr("undefined: the variance"));
  EXPECT_THAT(refusal({1, 2, 3}, {1, 1, 1}, {0, 1}), HasSubstr("2 groups"));
  EXPECT_THAT(refusal({1, 2, 3}, {1, 1, 1}, {0, 1, 1}, {0}), HasSubstr("1 strata"));
  EXPECT_THAT(refusal({1, std::nan("")}, {1, 1}, {0, 1}), HasSubstr("time of patient 1 is nan"));
}

}  // namespace
}  // namespace tractrix::survival
