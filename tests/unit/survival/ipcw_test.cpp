#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "support/cases.hpp"
#include "support/paths.hpp"
#include "tractrix/survival/brier.hpp"
#include "tractrix/survival/concordance.hpp"
#include "tractrix/survival/time_auc.hpp"
#include "tractrix/survival/uno.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

struct Sets {
  Sets(const CaseFile& file, const std::string& name)
      : train_time(file.doubles(name, "in/train_time")),
        time(file.doubles(name, "in/time")),
        train_event(file.bytes(name, "in/train_event")),
        event(file.bytes(name, "in/event")) {}
  Patients train() const { return {train_time, train_event}; }
  Patients test() const { return {time, event}; }
  std::vector<double> train_time, time;
  std::vector<uint8_t> train_event, event;
};

void expect_close(const std::vector<double>& values, const std::vector<double>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(test::close(values[i], expected[i])) << values[i] << " not " << expected[i];
  }
}

bool any_nan(const std::vector<double>& values) {
  for (double value : values) {
    if (std::isnan(value)) return true;
  }
  return false;
}

TEST(UnoGoldens, EqualScikitSurvival) {
  const CaseFile file(kGoldens / "uno_cindex");
  ASSERT_EQ(file.names().size(), 16u);
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    SCOPED_TRACE(name + ": " + file.about(name));
    const Sets sets(file, name);
    const auto risk = file.doubles(name, "in/risk");
    const auto taus = file.doubles(name, "in/taus");
    for (size_t k = 0; k < taus.size(); ++k) {
      SCOPED_TRACE(taus[k]);
      const std::optional<double> tau =
          std::isfinite(taus[k]) ? std::optional<double>(taus[k]) : std::nullopt;
      const std::string key = "tau" + std::to_string(k);
      if (file.refused(name, key) || std::isnan(file.scalar(name, "out/" + key + "/cindex"))) {
        EXPECT_THROW(uno_concordance(sets.train(), sets.test(), risk, tau), Error);
        continue;
      }
      const double value = uno_concordance(sets.train(), sets.test(), risk, tau);
      EXPECT_TRUE(test::close(value, file.scalar(name, "out/" + key + "/cindex"))) << value;
      ++compared;
    }
  }
  EXPECT_GE(compared, 30);
}

TEST(TimeAucGoldens, EqualScikitSurvival) {
  const CaseFile file(kGoldens / "auc_brier");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    if (!file.has(name, "in/risk")) continue;
    SCOPED_TRACE(name + ": " + file.about(name));
    const Sets sets(file, name);
    const auto risk = file.doubles(name, "in/risk");
    const auto times = file.doubles(name, "in/times");
    if (file.refused(name, "sksurv_auc") || any_nan(file.doubles(name, "out/sksurv_auc/auc"))) {
      EXPECT_THROW(time_auc(sets.train(), sets.test(), risk, times), Error);
      continue;
    }
    const TimeAuc result = time_auc(sets.train(), sets.test(), risk, times);
    expect_close(result.auc, file.doubles(name, "out/sksurv_auc/auc"));
    EXPECT_TRUE(test::close(result.mean, file.scalar(name, "out/sksurv_auc/mean")));
    ++compared;
  }
  EXPECT_GE(compared, 8);
}

TEST(TimeAucGoldens, OneRiskPerTimeEqualsScikitSurvival) {
  const CaseFile file(kGoldens / "auc_brier");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    if (!file.has(name, "in/risk_per_time")) continue;
    SCOPED_TRACE(file.about(name));
    const Sets sets(file, name);
    const auto times = file.doubles(name, "in/times");
    const auto result =
        time_auc_per_time(sets.train(), sets.test(), file.doubles(name, "in/risk_per_time"), times);
    EXPECT_EQ(result.times, times);
    expect_close(result.auc, file.doubles(name, "out/sksurv_auc_risk_per_time/auc"));
    EXPECT_TRUE(test::close(result.mean, file.scalar(name, "out/sksurv_auc_risk_per_time/mean")));
    // The same risk at every time is the plain form.
    const auto risk = file.doubles(name, "in/risk");
    std::vector<double> repeated;
    for (double r : risk) repeated.insert(repeated.end(), times.size(), r);
    const auto plain = time_auc(sets.train(), sets.test(), risk, times);
    const auto same = time_auc_per_time(sets.train(), sets.test(), repeated, times);
    EXPECT_EQ(plain.auc, same.auc);
    EXPECT_EQ(plain.mean, same.mean);
    ++compared;
  }
  EXPECT_EQ(compared, 2);
}

TEST(TimeAuc, OneRiskPerTimeRefusesWhatIsUndefined) {
  const std::vector<double> time{1, 2, 3};
  const std::vector<uint8_t> event{1, 1, 1};
  const std::vector<uint8_t> none{0, 0, 0};
  const Patients all{time, event};
  const auto call = [&](std::vector<double> risk, std::vector<double> times) {
    return time_auc_per_time(all, all, risk, times);
  };
  EXPECT_NO_THROW(call({3, 3, 2, 2, 1, 1}, {1, 2}));
  EXPECT_THROW(call({3, 3, 2, 2, 1, 1}, {2, 1}), Error);
  EXPECT_THROW(call({3, 3, 2, 2, 1, 1}, {1, 1}), Error);
  EXPECT_THROW(call({3, 3, 2, 2, 1, 1}, {1, 3}), Error);
  EXPECT_THROW(call({3, 3, 2, 2, 1}, {1, 2}), Error);
  EXPECT_THROW(call({3, 3, 2, std::nan(""), 1, 1}, {1, 2}), Error);
  EXPECT_THROW(call({}, {}), Error);
  EXPECT_THROW(
      time_auc_per_time(all, {time, none}, std::vector<double>{3, 2, 1}, std::vector<double>{1}),
      Error);
}

TEST(BrierGoldens, EqualScikitSurvival) {
  const CaseFile file(kGoldens / "auc_brier");
  int64_t compared = 0;
  for (const auto& name : file.names()) {
    if (!file.has(name, "in/survival")) continue;
    SCOPED_TRACE(name + ": " + file.about(name));
    const Sets sets(file, name);
    const auto predicted = file.doubles(name, "in/survival");
    const auto times = file.doubles(name, "in/times");
    bool outside = false;
    for (double s : predicted) outside = outside || !(s >= 0 && s <= 1);
    if (outside || file.refused(name, "sksurv_brier")) {
      EXPECT_THROW(brier_score(sets.train(), sets.test(), predicted, times), Error);
      continue;
    }
    const auto score = brier_score(sets.train(), sets.test(), predicted, times);
    expect_close(score, file.doubles(name, "out/sksurv_brier/score"));
    ++compared;
    if (file.refused(name, "sksurv_ibs")) {
      EXPECT_THROW(integrated_brier_score(score, times), Error);
      continue;
    }
    EXPECT_TRUE(test::close(integrated_brier_score(score, times),
                            file.scalar(name, "out/sksurv_ibs/value")));
  }
  EXPECT_GE(compared, 4);
}

TEST(Ipcw, RefusesWhatIsUndefined) {
  const std::vector<double> time{1, 2, 3};
  const std::vector<uint8_t> event{1, 1, 1};
  const std::vector<uint8_t> none{0, 0, 0};
  const std::vector<double> risk{3, 2, 1};
  const Patients all{time, event};
  const std::vector<double> nan_risk{3, std::nan(""), 1};
  EXPECT_THROW(uno_concordance(all, all, nan_risk), Error);
  EXPECT_THROW(time_auc(all, all, nan_risk, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(uno_concordance(all, {time, none}, risk), Error);
  EXPECT_THROW(time_auc(all, {time, none}, risk, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(uno_concordance({time, none}, all, risk), Error);
  EXPECT_THROW(uno_concordance(all, all, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(brier_score(all, all, risk, std::vector<double>{1, 2}), Error);
  EXPECT_THROW(brier_score(all, all, nan_risk, std::vector<double>{1}), Error);
}

// Without censoring in the training set every weight is 1: Harrell's index.
TEST(Ipcw, UnoWithoutCensoringIsHarrell) {
  const std::vector<double> time{1, 2, 3, 3, 5, 6, 7};
  const std::vector<uint8_t> train_event(7, 1);
  const std::vector<uint8_t> event{1, 0, 1, 1, 0, 1, 1};
  std::vector<double> risk{1, 2, 3, 4, 5, 6, 7};
  do {
    ASSERT_EQ(uno_concordance({time, train_event}, {time, event}, risk),
              concordance(time, event, risk).index);
  } while (std::next_permutation(risk.begin(), risk.end()));
}

}  // namespace
}  // namespace tractrix::survival
