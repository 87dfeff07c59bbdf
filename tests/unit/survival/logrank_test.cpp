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
  for (const std::string name : {"n50_k4", "n500_k3", "n3000_k4"}) {
    const auto time = file.doubles(name, "in/time");
    const auto event = file.bytes(name, "in/event");
    const auto group = file.integers(name, "in/group");
    const auto expected = file.doubles(name, "out/R/pairwise/p");
    size_t pair = 0;
    const int64_t groups = name == "n500_k3" ? 3 : 4;
    for (int64_t a = 0; a < groups; ++a) {
      for (int64_t b = a + 1; b < groups; ++b, ++pair) {
        std::vector<double> t;
        std::vector<uint8_t> e;
        std::vector<int64_t> g;
        for (size_t i = 0; i < time.size(); ++i) {
          if (group[i] != a && group[i] != b) continue;
          t.push_back(time[i]);
          e.push_back(event[i]);
          g.push_back(group[i]);
        }
        EXPECT_TRUE(close_p(log_rank(t, e, g).p, expected.at(pair)))
            << name << " " << a << " " << b;
      }
    }
    EXPECT_EQ(pair, expected.size());
  }
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
