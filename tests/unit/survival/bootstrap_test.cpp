#include "tractrix/survival/bootstrap.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "support/cases.hpp"
#include "tractrix/survival/concordance.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;
using ::testing::HasSubstr;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

struct Sample {
  Sample(const CaseFile& file, const std::string& name)
      : time(file.doubles(name, "in/time")),
        event(file.bytes(name, "in/event")),
        risk(file.doubles(name, "in/risk")),
        values(file.doubles(name, "in/values")) {
    for (uint8_t i : file.bytes(name, "in/index")) index.push_back(i);
  }
  int64_t patients() const { return static_cast<int64_t>(time.size()); }

  Statistic c_index() const {
    return [this](std::span<const int64_t> patients) {
      std::vector<double> t, r;
      std::vector<uint8_t> e;
      for (int64_t i : patients) {
        const auto k = static_cast<size_t>(i);
        t.push_back(time[k]);
        e.push_back(event[k]);
        r.push_back(risk[k]);
      }
      return concordance(t, e, r).index;
    };
  }

  std::vector<double> time;
  std::vector<uint8_t> event;
  std::vector<double> risk, values;
  std::vector<int64_t> index;
};

Statistic mean_of(const std::vector<double>& values) {
  return [&values](std::span<const int64_t> patients) {
    double sum = 0;
    for (int64_t i : patients) sum += values[static_cast<size_t>(i)];
    return sum / static_cast<double>(patients.size());
  };
}

Statistic variance_of(const std::vector<double>& values) {
  return [&values](std::span<const int64_t> patients) {
    const double mean = mean_of(values)(patients);
    double sum = 0;
    for (int64_t i : patients) {
      const double d = values[static_cast<size_t>(i)] - mean;
      sum += d * d;
    }
    return sum / static_cast<double>(patients.size());
  };
}

void expect_interval(const Interval& value, double lower, double upper) {
  EXPECT_TRUE(test::close(value.lower, lower)) << value.lower << " not " << lower;
  EXPECT_TRUE(test::close(value.upper, upper)) << value.upper << " not " << upper;
}

void expect_interval(const Interval& value, const std::vector<double>& expected) {
  expect_interval(value, expected.at(0), expected.at(1));
}

TEST(BootstrapGoldens, ConcordanceOnGivenResamples) {
  const CaseFile file(kGoldens / "bootstrap");
  ASSERT_EQ(file.names().size(), 2u);
  for (const auto& name : file.names()) {
    SCOPED_TRACE(file.about(name));
    const Sample s(file, name);
    const auto result = bootstrap_on(s.patients(), s.c_index(), s.index);
    EXPECT_TRUE(test::close(result.estimate, file.scalar(name, "out/estimate")));
    EXPECT_EQ(result.undefined, file.integers(name, "out/undefined").at(0));
    size_t k = 0;
    for (double expected : file.doubles(name, "out/replicates")) {
      if (std::isnan(expected)) continue;
      EXPECT_TRUE(test::close(result.replicates.at(k++), expected));
    }
    EXPECT_EQ(k, result.replicates.size());
    EXPECT_TRUE(test::close(result.bias, file.scalar(name, "out/bias")));
    EXPECT_TRUE(test::close(result.standard_error, file.scalar(name, "out/standard_error_ddof1")));
    for (const std::string level : {"90", "95", "99"}) {
      const double share = std::stod(level) / 100;
      expect_interval(percentile_interval(result, share),
                      file.doubles(name, "out/percentile_" + level));
      expect_interval(basic_interval(result, share), file.doubles(name, "out/basic_" + level));
    }
  }
}

// scipy 1.17.1, stats.bootstrap(method="BCa") on the replicates of the resamples.
TEST(BootstrapGoldens, BcaEqualsScipy) {
  const CaseFile file(kGoldens / "bootstrap");
  const auto limits = [&](const std::string& name, auto statistic_of, double level) {
    const Sample s(file, name);
    const Statistic statistic = statistic_of(s.values);
    return bca_interval(bootstrap_on(s.patients(), statistic, s.index),
                        jackknife(s.patients(), statistic), level);
  };
  expect_interval(limits("n40", mean_of, 0.90), -0.12307438862350509, 0.40796468768568);
  expect_interval(limits("n40", mean_of, 0.95), -0.19016239575118296, 0.4550006190111283);
  expect_interval(limits("n9_few_events", mean_of, 0.90), -0.3194768403974353, 0.28213858837337796);
  expect_interval(limits("n9_few_events", mean_of, 0.95), -0.3620292479099775, 0.3237812864110509);
  expect_interval(limits("n40", variance_of, 0.95), 0.6433846262549409, 1.906261687329797);
  expect_interval(limits("n9_few_events", variance_of, 0.95), 0.150603616167883,
                  0.6073185980633438);
}

TEST(Bootstrap, ReplicatesOfTheMeanMatchTheFileAndTheDraws) {
  const CaseFile file(kGoldens / "bootstrap");
  const Sample s(file, "n40");
  const auto result = bootstrap_on(s.patients(), mean_of(s.values), s.index);
  const auto expected = file.doubles("n40", "out/mean_replicates");
  ASSERT_EQ(result.replicates.size(), expected.size());
  for (size_t k = 0; k < expected.size(); ++k) {
    EXPECT_TRUE(test::close(result.replicates[k], expected[k]));
  }
  expect_interval(percentile_interval(result), file.doubles("n40", "out/mean_percentile_95"));
  // Drawn here: resample by resample the same as bootstrap_on().
  const Seed seed(5);
  std::vector<int64_t> drawn;
  for (int64_t b = 0; b < 50; ++b) {
    for (int64_t i : resample(s.patients(), seed, b)) drawn.push_back(i);
  }
  const auto own = bootstrap(s.patients(), s.c_index(), 50, seed);
  EXPECT_EQ(own.replicates, bootstrap_on(s.patients(), s.c_index(), drawn).replicates);
  EXPECT_NE(own.replicates, bootstrap(s.patients(), s.c_index(), 50, Seed(6)).replicates);
}

TEST(Bootstrap, StandardErrorOfAMeanIsTheTextbookOne) {
  std::vector<double> values;
  for (uint64_t i = 0; i < 200; ++i) values.push_back(Seed(1).uniform(i));
  const auto all = static_cast<int64_t>(values.size());
  const auto result = bootstrap(all, mean_of(values), 4000, Seed(2));
  std::vector<int64_t> everybody(values.size());
  std::iota(everybody.begin(), everybody.end(), int64_t{0});
  const double expected = std::sqrt(variance_of(values)(everybody) / 200);
  EXPECT_NEAR(result.standard_error, expected, 0.05 * expected);  // four standard deviations
  const Interval bca = bca_interval(result, jackknife(all, mean_of(values)));
  EXPECT_NEAR(bca.lower, result.estimate - 1.96 * expected, 0.25 * expected);
  EXPECT_NEAR(bca.upper, result.estimate + 1.96 * expected, 0.25 * expected);
}

TEST(Bootstrap, ResamplesAreUniform) {
  std::vector<int64_t> count(20, 0);
  for (int64_t b = 0; b < 2000; ++b) {
    for (int64_t i : resample(20, Seed(3), b)) ++count.at(static_cast<size_t>(i));
  }
  double chi_square = 0;
  for (int64_t c : count) chi_square += std::pow(static_cast<double>(c) - 2000, 2) / 2000;
  EXPECT_LT(chi_square, 43.8);  // 19 degrees of freedom: p = 0.001
  EXPECT_GT(chi_square, 5);
}

TEST(Jackknife, LeavesOutOneAfterTheOther) {
  const std::vector<double> values{1, 2, 6};
  EXPECT_THAT(jackknife(3, mean_of(values)), ::testing::ElementsAre(4, 3.5, 1.5));
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Bootstrap, RefusesWhatIsUndefined) {
  const std::vector<double> values{1, 2, 6};
  const Statistic mean = mean_of(values);
  const Statistic constant = [](std::span<const int64_t>) { return 1.0; };
  const Statistic nan = [](std::span<const int64_t>) { return std::nan(""); };
  const Statistic picky = [](std::span<const int64_t> p) {
    if (std::set<int64_t>(p.begin(), p.end()).size() < p.size()) throw Error("picky", "repeated");
    return 1.0;
  };
  EXPECT_THAT(refusal([&] { bootstrap(0, mean, 10, Seed(1)); }), HasSubstr("without patients"));
  EXPECT_THAT(refusal([&] { bootstrap(3, mean, 1, Seed(1)); }), HasSubstr("1 resamples of 1"));
  EXPECT_THAT(refusal([&] { bootstrap(3, nan, 10, Seed(1)); }), HasSubstr("the statistic is nan"));
  EXPECT_THAT(refusal([&] { bootstrap(30, picky, 10, Seed(1)); }), HasSubstr("0 resamples of 10"));
  EXPECT_THAT(refusal([&] {
                bootstrap_on(3, mean, std::vector<int64_t>{0, 1});
              }),
              HasSubstr("2 positions do not fill"));
  EXPECT_THAT(refusal([&] {
                bootstrap_on(2, mean, std::vector<int64_t>{0, 2});
              }),
              HasSubstr("no patient 2 among 2"));
  const auto flat = bootstrap(3, constant, 10, Seed(1));
  EXPECT_THAT(refusal([&] { bca_interval(flat, jackknife(3, constant)); }),
              HasSubstr("no patient changes the statistic"));
  Bootstrap aside = bootstrap(3, mean, 10, Seed(1));
  aside.estimate = 100;
  EXPECT_THAT(refusal([&] { bca_interval(aside, jackknife(3, mean)); }),
              HasSubstr("on one side of 100"));
  EXPECT_THAT(refusal([&] { percentile_interval(flat, 1); }), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal([&] { percentile_interval({}, 0.95); }), HasSubstr("no replicates"));
  EXPECT_THAT(refusal([&] { jackknife(1, constant); }), HasSubstr("at least 2 patients"));
}

}  // namespace
}  // namespace tractrix::survival
