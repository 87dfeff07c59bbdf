#include "tractrix/survival/permutation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/survival/concordance.hpp"
#include "tractrix/survival/paired.hpp"

namespace tractrix::survival {
namespace {

using ::testing::HasSubstr;

// Sum of the differences that an exchange leaves or turns round.
auto sum_of(const std::vector<double>& difference) {
  return [&difference](std::span<const uint8_t> swap) {
    double sum = 0;
    for (size_t i = 0; i < swap.size(); ++i) sum += swap[i] != 0 ? -difference[i] : difference[i];
    return sum;
  };
}

// Ranks as differences: the exact test of their sum is Wilcoxon's.
TEST(PairedPermutation, OfSignedRanksIsWilcoxon) {
  const std::vector<double> x{1, -2, 3, 4, -5, 6, 7, 8, 9.5, 9.5};
  const std::vector<double> zero(x.size(), 0.0);
  for (auto side : {Alternative::two_sided, Alternative::greater, Alternative::less}) {
    const auto test = paired_permutation_test(10, sum_of(x), {side, 1024}, Seed(1));
    EXPECT_TRUE(test.exact);
    EXPECT_EQ(test.permutations, 1024);
    const auto expected = wilcoxon(x, zero, {side, ZeroRule::wilcoxon, WilcoxonMethod::exact});
    EXPECT_NEAR(test.p, expected.p, 1e-14);
    EXPECT_EQ(test.statistic, expected.plus - expected.minus);
  }
}

TEST(PairedPermutation, RandomApproachesExact) {
  std::vector<double> x;
  for (uint64_t i = 0; i < 12; ++i) x.push_back(Seed(8).uniform(i) - 0.35);
  const auto exact = paired_permutation_test(12, sum_of(x), {Alternative::greater, 4096}, Seed(1));
  const auto random = paired_permutation_test(12, sum_of(x), {Alternative::greater, 4095}, Seed(1));
  EXPECT_TRUE(exact.exact);
  EXPECT_FALSE(random.exact);
  EXPECT_NEAR(random.p, exact.p, 4 * std::sqrt(exact.p * (1 - exact.p) / 4095));
  const auto again = paired_permutation_test(12, sum_of(x), {Alternative::greater, 4095}, Seed(1));
  EXPECT_EQ(random.p, again.p);
}

TEST(PairedPermutation, RandomIsNeverZero) {
  const std::vector<double> x(40, 1.0);
  const auto test = paired_permutation_test(40, sum_of(x), {Alternative::greater, 199}, Seed(1));
  EXPECT_EQ(test.p, 1.0 / 200);
  const auto both = paired_permutation_test(40, sum_of(x), {Alternative::two_sided, 199}, Seed(1));
  EXPECT_EQ(both.p, 2.0 / 200);
}

// Equal up to rounding is as extreme: 0.1 + 0.2 + 0.3 - 0.6 is about 1e-16, its opposite, too.
TEST(PairedPermutation, CountsRoundedTiesAsExtreme) {
  const std::vector<double> x{0.1, 0.2, 0.3, 0.6};
  const std::vector<double> tie{0.1, 0.2, 0.3, -0.6};
  const auto test = paired_permutation_test(4, sum_of(tie), {Alternative::greater, 16}, Seed(1));
  // Of 16 sums two are 0, and by symmetry seven are above.
  EXPECT_EQ(test.p, 9.0 / 16);
  EXPECT_EQ(paired_permutation_test(4, sum_of(x), {Alternative::greater, 16}, Seed(1)).p, 1.0 / 16);
}

// The index of n patients without censoring and ties: the share of the n! orders that are as
// concordant, from the numbers of permutations with k inversions (Mahonian numbers).
TEST(Permutation, OfTheConcordanceIndexCountsInversions) {
  const std::vector<double> time{1, 2, 3, 4, 5};
  const std::vector<uint8_t> event(5, 1);
  const auto index = [&](const std::vector<double>& risk) {
    return [&time, &event, risk](std::span<const int64_t> order) {
      std::vector<double> own;
      for (int64_t i : order) own.push_back(risk[static_cast<size_t>(i)]);
      return concordance(time, event, own).index;
    };
  };
  const std::vector<double> mahonian{1, 4, 9, 15, 20, 22, 20, 15, 9, 4, 1};
  const PermutationOptions greater{Alternative::greater, 120};
  const auto perfect = permutation_test(5, index({5, 4, 3, 2, 1}), greater, Seed(1));
  EXPECT_TRUE(perfect.exact);
  EXPECT_EQ(perfect.permutations, 120);
  EXPECT_NEAR(perfect.p, 1 / 120.0, 1e-15);
  const auto good = permutation_test(5, index({4, 5, 2, 3, 1}), greater, Seed(1));
  EXPECT_NEAR(good.statistic, 0.8, 1e-15);
  EXPECT_NEAR(good.p, (mahonian[0] + mahonian[1] + mahonian[2]) / 120, 1e-15);
  EXPECT_NEAR(permutation_test(5, index({4, 5, 2, 3, 1}), {Alternative::two_sided, 120}, Seed(1)).p,
              2 * 14 / 120.0, 1e-15);
  EXPECT_NEAR(permutation_test(5, index({1, 2, 3, 4, 5}), {Alternative::less, 120}, Seed(1)).p,
              1 / 120.0, 1e-15);
  const auto random =
      permutation_test(5, index({4, 5, 2, 3, 1}), {Alternative::greater, 119}, Seed(1));
  EXPECT_FALSE(random.exact);
  EXPECT_NEAR(random.p, 14 / 120.0, 0.12);
}

// Every order comes up equally often.
TEST(Permutation, ShufflesUniformly) {
  std::vector<double> count(24, 0);
  const auto tally = [&](std::span<const int64_t> order) {
    size_t code = 0;
    for (size_t i = 0; i < 4; ++i) {
      size_t smaller = 0;
      for (size_t j = i + 1; j < 4; ++j) smaller += order[j] < order[i];
      code = code * (4 - i) + smaller;
    }
    ++count.at(code);
    return 1.0;
  };
  // Fewer permutations than the 24 there are: drawn at random.
  for (uint64_t seed = 0; seed < 400; ++seed) {
    permutation_test(4, tally, {Alternative::greater, 20}, Seed(seed));
  }
  count[0] -= 400;  // the observed order
  double chi_square = 0;
  for (double c : count) chi_square += std::pow(c - 8000 / 24.0, 2) / (8000 / 24.0);
  EXPECT_LT(chi_square, 49.7);  // 23 degrees of freedom: p = 0.001
  EXPECT_GT(chi_square, 7.5);
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

TEST(Permutation, RefusesWhatIsUndefined) {
  const auto nan = [](auto) { return std::nan(""); };
  const auto one = [](auto) { return 1.0; };
  const auto refuses = [](auto) -> double { throw Error("statistic", "no pair"); };
  const PermutationOptions none{Alternative::two_sided, 0};
  EXPECT_THAT(refusal([&] { permutation_test(0, one, {}, Seed(1)); }),
              HasSubstr("without patients"));
  EXPECT_THAT(refusal([&] { permutation_test(3, one, none, Seed(1)); }), HasSubstr("at least 1"));
  EXPECT_THAT(refusal([&] { permutation_test(3, nan, {}, Seed(1)); }), HasSubstr("is nan"));
  EXPECT_THAT(refusal([&] { permutation_test(3, refuses, {}, Seed(1)); }), HasSubstr("no pair"));
  EXPECT_THAT(refusal([&] { paired_permutation_test(0, one, {}, Seed(1)); }),
              HasSubstr("without patients"));
  EXPECT_THAT(refusal([&] { paired_permutation_test(3, one, none, Seed(1)); }),
              HasSubstr("at least 1"));
  EXPECT_THAT(refusal([&] { paired_permutation_test(3, nan, {}, Seed(1)); }), HasSubstr("is nan"));
}

}  // namespace
}  // namespace tractrix::survival
