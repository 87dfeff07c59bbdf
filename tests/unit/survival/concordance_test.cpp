#include "tractrix/survival/concordance.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/cases.hpp"
#include "tractrix/core/seed.hpp"

namespace tractrix::survival {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

struct Patients {
  std::vector<double> time;
  std::vector<uint8_t> event;
  std::vector<double> risk;
};

// The definition, pair by pair; comparable 0 where the fast one throws.
Concordance brute_force(const Patients& p, double tolerance = 1e-8) {
  Concordance c;
  for (size_t i = 0; i < p.time.size(); ++i) {
    for (size_t j = 0; j < p.time.size(); ++j) {
      const bool same_time = p.time[j] == p.time[i];
      if (p.event[i] == 0 || i == j) continue;
      if (p.time[j] < p.time[i] || (same_time && p.event[j] == 1)) continue;
      c.tied_time += same_time;
      if (std::abs(p.risk[j] - p.risk[i]) <= tolerance) {
        ++c.tied_risk;
      } else if (p.risk[j] < p.risk[i]) {
        ++c.concordant;
      } else {
        ++c.discordant;
      }
    }
  }
  c.comparable = c.concordant + c.discordant + c.tied_risk;
  return c;
}

bool same_counts(const Concordance& a, const Concordance& b) {
  return a.concordant == b.concordant && a.discordant == b.discordant &&
         a.tied_risk == b.tied_risk && a.tied_time == b.tied_time && a.comparable == b.comparable;
}

// The fast counts equal the definition, or both say that there is nothing to compare.
bool agrees(const Patients& p, double tolerance = 1e-8) {
  const Concordance expected = brute_force(p, tolerance);
  try {
    const Concordance c = concordance(p.time, p.event, p.risk, tolerance);
    const double score = static_cast<double>(2 * expected.concordant + expected.tied_risk);
    return same_counts(c, expected) &&
           c.index == score / static_cast<double>(2 * expected.comparable);
  } catch (const Error&) {
    return expected.comparable == 0;
  }
}

void check_case(const test::CaseFile& file, const std::string& name) {
  SCOPED_TRACE(file.about(name));
  const auto time = file.doubles(name, "in/time");
  const auto event = file.bytes(name, "in/event");
  const auto risk = file.doubles(name, "in/risk");
  const double tolerance = file.scalar(name, "in/tied_tol");
  // scikit-survival's NaN without an error is "undefined" here.
  if (file.refused(name, "sksurv") || std::isnan(file.scalar(name, "out/sksurv/cindex"))) {
    EXPECT_THROW(concordance(time, event, risk, tolerance), Error);
    return;
  }
  const Concordance c = concordance(time, event, risk, tolerance);
  const auto counts = file.integers(name, "out/sksurv/concordant_discordant_tiedrisk_tiedtime");
  EXPECT_EQ(c.index, file.scalar(name, "out/sksurv/cindex"));
  EXPECT_EQ(c.concordant, counts[0]);
  EXPECT_EQ(c.discordant, counts[1]);
  EXPECT_EQ(c.tied_risk, counts[2]);
  EXPECT_EQ(c.tied_time, counts[3]);
  EXPECT_EQ(c.comparable, c.concordant + c.discordant + c.tied_risk);
}

class ConcordanceGoldens : public ::testing::TestWithParam<const char*> {};

TEST_P(ConcordanceGoldens, EqualScikitSurvival) {
  const test::CaseFile file(kGoldens / GetParam());
  ASSERT_FALSE(file.names().empty());
  for (const auto& name : file.names()) check_case(file, name);
}

INSTANTIATE_TEST_SUITE_P(Files, ConcordanceGoldens,
                         ::testing::Values("cindex_tiny", "cindex_n7", "cindex_n50", "cindex_n500",
                                           "cindex_n3000"));

// Times 1 2 2 3 3 3 4, risks in every order, every pattern of events: all tie kinds between
// neighbours occur.
TEST(Concordance, EqualsTheDefinitionForEveryPermutation) {
  const std::vector<double> times{1, 2, 2, 3, 3, 3, 4};
  int64_t cases = 0;
  for (size_t n = 2; n <= times.size(); ++n) {
    for (unsigned pattern = 0; pattern < (1u << n); ++pattern) {
      Patients p{{times.begin(), times.begin() + static_cast<long>(n)}, {}, {}};
      for (size_t i = 0; i < n; ++i) p.event.push_back((pattern >> i) & 1);
      p.risk.resize(n);
      std::iota(p.risk.begin(), p.risk.end(), 0.0);
      do {
        ASSERT_TRUE(agrees(p)) << n << " patients, events " << pattern;
        ++cases;
      } while (std::next_permutation(p.risk.begin(), p.risk.end()));
    }
  }
  EXPECT_EQ(cases, 8 + 6 * 8 + 24 * 16 + 120 * 32 + 720 * 64 + 5040 * 128);
}

TEST(Concordance, EqualsTheDefinitionForEveryPermutationOfTiedRisks) {
  Patients p{{1, 2, 2, 3, 4, 4, 5}, {1, 1, 0, 1, 1, 0, 0}, {0, 0, 1, 1, 1, 2, 3}};
  int64_t cases = 0;
  do {
    ASSERT_TRUE(agrees(p)) << cases;
    ++cases;
  } while (std::next_permutation(p.risk.begin(), p.risk.end()));
  EXPECT_EQ(cases, 5040 / (2 * 6));
}

TEST(Concordance, EqualsTheDefinitionForTenThousandRandomCasesWithHeavyTies) {
  const Seed seed(2024);
  for (uint64_t k = 0; k < 10000; ++k) {
    const Seed one = seed.at("case", k);
    const auto n = static_cast<size_t>(2 + one.uniform(0) * 39);
    const double levels = 1 + std::floor(one.uniform(1) * 12);
    const double share = one.uniform(2);
    // Every third case has risks a few ulps around multiples of the tolerance.
    const double unit = k % 3 == 0 ? 1e-8 : 1.0;
    const double base = k % 6 == 0 ? 0.5 : 0.0;
    Patients p;
    for (size_t i = 0; i < n; ++i) {
      p.time.push_back(std::floor(one.at("time").uniform(i) * levels));
      p.event.push_back(one.at("event").uniform(i) < share ? 1 : 0);
      p.risk.push_back(base + unit * std::floor(one.at("risk").uniform(i) * levels));
    }
    ASSERT_TRUE(agrees(p)) << "case " << k;
  }
}

TEST(Concordance, DoesNotDependOnTheOrderOfPatients) {
  Patients p{{3, 1, 2, 2, 5, 4}, {1, 1, 0, 1, 0, 1}, {0.1, 0.9, 0.4, 0.4, 0.2, 0.9}};
  const Concordance first = concordance(p.time, p.event, p.risk);
  std::reverse(p.time.begin(), p.time.end());
  std::reverse(p.event.begin(), p.event.end());
  std::reverse(p.risk.begin(), p.risk.end());
  EXPECT_TRUE(same_counts(concordance(p.time, p.event, p.risk), first));
}

TEST(Concordance, IsFastEnoughForLargeCohorts) {
  const Seed seed(1);
  Patients p;
  for (size_t i = 0; i < 200000; ++i) {
    p.time.push_back(std::floor(seed.at("time").uniform(i) * 5000));
    p.event.push_back(seed.at("event").uniform(i) < 0.3 ? 1 : 0);
    p.risk.push_back(-p.time.back());
  }
  const Concordance c =
      concordance(p.time, p.event, p.risk);  // 40 billion comparisons pair by pair
  EXPECT_EQ(c.discordant, 0);
  EXPECT_EQ(c.tied_risk, c.tied_time);
  EXPECT_GT(c.concordant, int64_t{1} << 32);
}

std::string refusal(const Patients& p, double tolerance = 1e-8) {
  try {
    concordance(p.time, p.event, p.risk, tolerance);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Concordance, RefusesWhatHasNoIndex) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal({{1, 2, 3}, {1, 1}, {1, 2, 3}}), HasSubstr("3 times and 2 events"));
  EXPECT_THAT(refusal({{1, 2, 3}, {1, 1, 0}, {1, 2}}), HasSubstr("2 risks were given for 3"));
  EXPECT_THAT(refusal({{1}, {1}, {1}}), HasSubstr("at least 2 are needed"));
  EXPECT_THAT(refusal({{}, {}, {}}), HasSubstr("undefined for 0 patients"));
  EXPECT_THAT(refusal({{1, 2}, {1, 0}, {1, kNan}}), HasSubstr("risk of patient 1 is nan"));
  EXPECT_THAT(refusal({{1, 2}, {1, 0}, {-kInf, 1}}), HasSubstr("risk of patient 0 is -inf"));
  EXPECT_THAT(refusal({{kNan, 2}, {1, 0}, {1, 2}}), HasSubstr("time of patient 0 is nan"));
  EXPECT_THAT(refusal({{1, kInf}, {1, 0}, {1, 2}}), HasSubstr("time of patient 1 is inf"));
  EXPECT_THAT(refusal({{1, 2}, {2, 0}, {1, 2}}), HasSubstr("event of patient 0 is 2"));
  EXPECT_THAT(refusal({{1, 2}, {0, 0}, {1, 2}}), HasSubstr("all patients are censored"));
  EXPECT_THAT(refusal({{1, 2}, {0, 1}, {1, 2}}), HasSubstr("no comparable pair"));
  EXPECT_THAT(refusal({{2, 2}, {1, 1}, {1, 2}}), HasSubstr("no comparable pair"));
  EXPECT_THAT(refusal({{1, 2}, {1, 0}, {1, 2}}, -1), HasSubstr("tolerance"));
  EXPECT_THAT(refusal({{1, 2}, {1, 0}, {1, 2}}, kNan), HasSubstr("tolerance"));
}

}  // namespace
}  // namespace tractrix::survival
