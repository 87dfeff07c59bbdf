#include "tractrix/survival/time_roc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/messages.hpp"
#include "tractrix/core/seed.hpp"
#include "tractrix/survival/time_auc.hpp"

namespace tractrix::survival {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TimeRoc, ByHand) {
  // At 2.5: cases 1 and 2, controls 3 and 4. Nobody is censored: all weights are 1.
  const std::vector<double> time{1, 2, 3, 4}, risk{4, 2, 3, 2};
  const std::vector<uint8_t> event{1, 1, 1, 1};
  const auto curve = time_roc({time, event}, {time, event}, risk, 2.5);
  EXPECT_THAT(curve.false_positive, ElementsAre(0, 0, 0.5, 1));
  EXPECT_THAT(curve.true_positive, ElementsAre(0, 0.5, 0.5, 1)) << "patients 2 and 4 are tied";
  EXPECT_EQ(true_positive_at(curve, 0), 0.5);
  EXPECT_EQ(true_positive_at(curve, 0.75), 0.75);
  EXPECT_EQ(true_positive_at(curve, 1), 1);
}

TEST(TimeRoc, ItsAreaIsTheTimeDependentAuc) {
  const Seed seed(5);
  for (uint64_t trial = 0; trial < 200; ++trial) {
    const Seed draws = seed.at("trial", trial);
    std::vector<double> time, risk;
    std::vector<uint8_t> event;
    for (uint64_t i = 0; i < 40; ++i) {
      time.push_back(1 + 20 * draws.uniform(3 * i));
      event.push_back(draws.uniform(3 * i + 1) < 0.5);
      risk.push_back(static_cast<double>(static_cast<int>(12 * draws.uniform(3 * i + 2))));  // ties
    }
    // the latest patient is an event: G stays above 0 at all events
    event[static_cast<size_t>(std::max_element(time.begin(), time.end()) - time.begin())] = 1;
    const Patients all{time, event};
    const std::vector<double> at{10.0};
    const auto curve = time_roc(all, all, risk, at[0]);
    double area = 0;
    for (size_t k = 1; k < curve.false_positive.size(); ++k) {
      area += (curve.false_positive[k] - curve.false_positive[k - 1]) *
              (curve.true_positive[k] + curve.true_positive[k - 1]) / 2;
    }
    EXPECT_NEAR(area, time_auc(all, all, risk, at).auc[0], 1e-12) << trial;
  }
}

TEST(TimeRoc, NoCaseIsNoCurve) {
  const std::vector<double> time{1, 2, 3}, risk{1, 2, 3};
  const std::vector<uint8_t> event{0, 0, 1};
  EXPECT_THAT(testing::message_of([&] {
                time_roc({time, event}, {time, event}, risk, 2.0);
              }),
              HasSubstr("no event has happened by then"));
  EXPECT_THAT(testing::message_of([&] {
                time_roc({time, event}, {time, event}, risk, 3.0);
              }),
              HasSubstr("3"));
}

}  // namespace
}  // namespace tractrix::survival
