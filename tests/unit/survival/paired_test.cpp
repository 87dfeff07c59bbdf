#include "tractrix/survival/paired.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "support/cases.hpp"
#include "tractrix/core/seed.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;
using ::testing::HasSubstr;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

const std::vector<std::pair<Alternative, std::string>> kSides{{Alternative::two_sided, "two-sided"},
                                                              {Alternative::greater, "greater"},
                                                              {Alternative::less, "less"}};

std::vector<double> column(const CaseFile& file, const std::string& name, const std::string& key) {
  return file.doubles(name, "in/" + key);
}

// scipy's statistic: W+ for one side, the smaller sum for two.
double statistic_of(const WilcoxonTest& test, Alternative side) {
  return side == Alternative::two_sided ? std::min(test.plus, test.minus) : test.plus;
}

TEST(WilcoxonGoldens, NormalFormEqualsScipy) {
  const CaseFile file(kGoldens / "paired_tests");
  ASSERT_EQ(file.names().size(), 9u);
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    const auto x = column(file, name, "x");
    const auto y = column(file, name, "y");
    for (const std::string zeros : {"wilcox", "pratt"}) {
      for (const std::string form : {"correct", "plain"}) {
        for (const auto& [side, label] : kSides) {
          SCOPED_TRACE(file.about(name) + " " + zeros + " " + form + " " + label);
          const auto expected =
              file.doubles(name, "out/scipy_wilcoxon/approx_" + zeros + "_" + form + "_" + label);
          const WilcoxonOptions options{side,
                                        zeros == "pratt" ? ZeroRule::pratt : ZeroRule::wilcoxon,
                                        WilcoxonMethod::normal, form == "correct"};
          if (std::isnan(expected.at(1))) {
            EXPECT_THROW(wilcoxon(x, y, options), Error);
            continue;
          }
          const WilcoxonTest test = wilcoxon(x, y, options);
          EXPECT_TRUE(test::close(statistic_of(test, side), expected[0]));
          EXPECT_TRUE(test::close(test.p, expected[1])) << test.p << " not " << expected[1];
          EXPECT_FALSE(test.exact);
          ++compared;
        }
      }
    }
  }
  EXPECT_EQ(compared, 8 * 12);
}

TEST(WilcoxonGoldens, ExactEqualsScipyWithoutTies) {
  const CaseFile file(kGoldens / "paired_tests");
  for (const std::string name : {"five_folds", "five_folds_all_better", "n25", "one_pair"}) {
    for (const auto& [side, label] : kSides) {
      SCOPED_TRACE(file.about(name) + " " + label);
      const auto expected = file.doubles(name, "out/scipy_wilcoxon/exact_" + label);
      const WilcoxonTest test = wilcoxon(column(file, name, "x"), column(file, name, "y"), {side});
      EXPECT_TRUE(test.exact);
      EXPECT_FALSE(test.z.has_value());
      EXPECT_TRUE(test::close(statistic_of(test, side), expected.at(0)));
      EXPECT_TRUE(test::close(test.p, expected.at(1))) << test.p << " not " << expected.at(1);
    }
  }
}

// scipy's "auto" enumerates the signs of the tied ranks of few pairs.
TEST(WilcoxonGoldens, ExactWithTiesEqualsScipysEnumeration) {
  const CaseFile file(kGoldens / "paired_tests");
  for (const std::string name : {"ties", "zeros", "constant_difference"}) {
    const WilcoxonTest test =
        wilcoxon(column(file, name, "x"), column(file, name, "y"),
                 {Alternative::two_sided, ZeroRule::wilcoxon, WilcoxonMethod::exact});
    EXPECT_TRUE(test::close(test.p, file.doubles(name, "out/scipy_wilcoxon/auto").at(1)))
        << file.about(name) << ": " << test.p;
  }
}

TEST(WilcoxonGoldens, AutomaticEqualsR) {
  const CaseFile file(kGoldens / "paired_tests");
  int64_t exact = 0;
  for (const auto& name : file.names()) {
    SCOPED_TRACE(file.about(name));
    const auto expected = file.doubles(name, "out/R/exact_or_normal_if_ties/V_p");
    if (std::isnan(expected.at(1))) continue;
    const WilcoxonTest test = wilcoxon(column(file, name, "x"), column(file, name, "y"));
    EXPECT_EQ(test.plus, expected[0]);
    EXPECT_TRUE(test::close(test.p, expected[1])) << test.p << " not " << expected[1];
    exact += test.exact;
  }
  EXPECT_EQ(exact, 4);
}

// All 2^n signs one by one, with ties and zeros.
TEST(Wilcoxon, ExactEqualsTheEnumerationOfSigns) {
  for (uint64_t k = 0; k < 60; ++k) {
    const Seed seed = Seed(4).at("case", k);
    std::vector<double> d;
    for (size_t i = 0; i < 2 + k % 9; ++i) d.push_back(std::floor(seed.uniform(i) * 9) - 3);
    if (std::count(d.begin(), d.end(), 0.0) == static_cast<long>(d.size())) continue;
    const std::vector<double> zero(d.size(), 0.0);
    for (ZeroRule rule : {ZeroRule::wilcoxon, ZeroRule::pratt}) {
      std::vector<double> rank;  // of those with a difference
      double plus = 0;
      for (double own : d) {
        if (own == 0) continue;
        double below = 0;
        double same = 0;
        for (double other : d) {
          if (other == 0 && rule == ZeroRule::wilcoxon) continue;
          below += std::abs(other) < std::abs(own);
          same += std::abs(other) == std::abs(own);
        }
        rank.push_back(below + (same + 1) / 2);
        if (own > 0) plus += rank.back();
      }
      const size_t all = size_t{1} << rank.size();
      double greater = 0;
      for (size_t signs = 0; signs < all; ++signs) {
        double sum = 0;
        for (size_t i = 0; i < rank.size(); ++i) sum += (signs >> i) & 1 ? rank[i] : 0;
        greater += sum >= plus;
      }
      const auto test = wilcoxon(d, zero, {Alternative::greater, rule, WilcoxonMethod::exact});
      ASSERT_EQ(test.plus, plus);
      ASSERT_EQ(test.pairs + test.zeros, static_cast<int64_t>(d.size()));
      ASSERT_NEAR(test.p, greater / static_cast<double>(all), 1e-14);
    }
  }
}

TEST(Wilcoxon, ExactTailIsAccurateForFiftyPairs) {
  std::vector<double> x;
  for (int i = 1; i <= 50; ++i) x.push_back(i);
  const std::vector<double> zero(50, 0.0);
  const auto test = wilcoxon(x, zero, {Alternative::greater});
  EXPECT_TRUE(test.exact);
  EXPECT_EQ(test.p, std::ldexp(1.0, -50));
  EXPECT_EQ(wilcoxon(zero, x, {Alternative::less}).p, std::ldexp(1.0, -50));
  x.push_back(51);
  EXPECT_FALSE(wilcoxon(x, std::vector<double>(51, 0.0)).exact);
}

TEST(PairedTGoldens, EqualScipyAndR) {
  const CaseFile file(kGoldens / "paired_tests");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    SCOPED_TRACE(file.about(name));
    const auto x = column(file, name, "x");
    const auto y = column(file, name, "y");
    const auto expected = file.doubles(name, "out/scipy_ttest_rel_t_df_p_lower_upper_mean");
    if (!std::isfinite(expected.at(0))) {
      EXPECT_THROW(paired_t(x, y), Error);
      continue;
    }
    const PairedT test = paired_t(x, y);
    const std::vector<double> values{test.t,
                                     static_cast<double>(test.degrees),
                                     test.p,
                                     test.interval.lower,
                                     test.interval.upper,
                                     test.mean};
    const auto r = file.doubles(name, "out/R/t_df_p_lower_upper_mean");
    for (size_t k = 0; k < values.size(); ++k) {
      EXPECT_TRUE(test::close(values[k], expected[k])) << k << ": " << values[k];
      EXPECT_TRUE(test::close(values[k], r.at(k))) << k << ": " << values[k];
    }
    const double greater = paired_t(x, y, Alternative::greater).p;
    const double less = paired_t(x, y, Alternative::less).p;
    EXPECT_NEAR(greater + less, 1, 1e-12);
    EXPECT_NEAR(2 * std::min(greater, less), test.p, 1e-12);
    EXPECT_EQ(greater<less, test.t> 0);
    ++compared;
  }
  EXPECT_EQ(compared, 6);
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Paired, RefusesWhatIsUndefined) {
  const std::vector<double> one{1};
  const std::vector<double> two{1, 2};
  const std::vector<double> nan{1, std::nan("")};
  const std::vector<double> none;
  EXPECT_THAT(refusal([&] { wilcoxon(one, two); }), HasSubstr("1 and 2 values"));
  EXPECT_THAT(refusal([&] { wilcoxon(none, none); }), HasSubstr("undefined for 0 pairs"));
  EXPECT_THAT(refusal([&] { wilcoxon(two, nan); }), HasSubstr("difference of pair 1 is nan"));
  EXPECT_THAT(refusal([&] { wilcoxon(two, two); }), HasSubstr("all differences are 0"));
  EXPECT_THAT(refusal([&] { paired_t(one, two); }), HasSubstr("1 and 2 values"));
  EXPECT_THAT(refusal([&] { paired_t(one, one); }), HasSubstr("at least 2"));
  EXPECT_THAT(refusal([&] { paired_t(nan, two); }), HasSubstr("difference of pair 1 is nan"));
  EXPECT_THAT(refusal([&] {
                paired_t(two, std::vector<double>{0.9, 1.9});
              }),
              HasSubstr("all differences are the same"));
  EXPECT_THAT(refusal([&] { paired_t(two, one, Alternative::less, 2); }),
              HasSubstr("between 0 and 1"));
}

}  // namespace
}  // namespace tractrix::survival
