// What scikit-survival's own tests refuse, asked of every statistic of risks: the same decision,
// and a message that names the fact.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/survival/brier.hpp"
#include "tractrix/survival/concordance.hpp"
#include "tractrix/survival/concordance_interval.hpp"
#include "tractrix/survival/time_auc.hpp"
#include "tractrix/survival/uno.hpp"

namespace tractrix::survival {
namespace {

using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Input {
  std::vector<double> time{1, 2, 3, 4, 5};
  std::vector<uint8_t> event{1, 1, 0, 1, 0};
  std::vector<double> risk{0.9, 0.5, 0.7, 0.6, 0.1};
  std::vector<double> times{1.5, 2.5};
  std::vector<double> train_time{1, 2, 3, 4, 5, 6};
  std::vector<uint8_t> train_event{1, 0, 1, 1, 0, 1};

  Patients test() const { return {time, event}; }
  Patients train() const { return {train_time, train_event}; }
  std::vector<double> repeated() const {
    std::vector<double> all;
    for (double r : risk) all.insert(all.end(), times.size(), r);
    return all;
  }
};

struct Statistic {
  std::string name;
  std::function<void(const Input&)> call;
  bool at_times;    // has times of evaluation
  bool uses_train;  // and a training set
};

const std::vector<Statistic> kStatistics{
    {"concordance", [](const Input& in) { concordance(in.time, in.event, in.risk); }, false, false},
    {"concordance_error", [](const Input& in) { concordance_error(in.time, in.event, in.risk); },
     false, false},
    {"compare_concordance",
     [](const Input& in) {
       std::vector<double> other(in.risk.rbegin(), in.risk.rend());
       compare_concordance(in.time, in.event, in.risk, other);
     },
     false, false},
    {"uno", [](const Input& in) { uno_concordance(in.train(), in.test(), in.risk, 4.5); }, false,
     true},
    {"time_auc", [](const Input& in) { time_auc(in.train(), in.test(), in.risk, in.times); }, true,
     true},
    {"time_auc_per_time",
     [](const Input& in) { time_auc_per_time(in.train(), in.test(), in.repeated(), in.times); },
     true, true},
    {"brier", [](const Input& in) { brier_score(in.train(), in.test(), in.repeated(), in.times); },
     true, true}};

void expect_refusal(const Statistic& statistic, const std::string& about,
                    const std::function<void(Input&)>& spoil, const std::string& message = "") {
  Input input;
  EXPECT_NO_THROW(statistic.call(input)) << statistic.name;
  spoil(input);
  try {
    statistic.call(input);
    ADD_FAILURE() << statistic.name << " accepts " << about;
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr(message)) << statistic.name << ", " << about;
  }
}

TEST(Refusals, OfPatients) {
  for (const Statistic& s : kStatistics) {
    expect_refusal(
        s, "more events than times", [](Input& in) { in.event.push_back(1); },
        "5 times and 6 events");
    expect_refusal(
        s, "fewer risks than times", [](Input& in) { in.risk.pop_back(); }, "given for");
    expect_refusal(
        s, "an event that is no truth value", [](Input& in) { in.event[1] = 2; },
        "event of patient 1 is 2");
    expect_refusal(
        s, "a time that is NaN", [](Input& in) { in.time[2] = kNan; }, "time of patient 2 is nan");
    expect_refusal(
        s, "an infinite time", [](Input& in) { in.time[4] = kInf; }, "time of patient 4 is inf");
    expect_refusal(
        s, "a risk that is NaN", [](Input& in) { in.risk[0] = kNan; }, "nan");
    expect_refusal(
        s, "an infinite risk", [](Input& in) { in.risk[3] = -kInf; }, "-inf");
    expect_refusal(s, "no patient", [](Input& in) {
      in.time.clear();
      in.event.clear();
      in.risk.clear();
    });
  }
}

TEST(Refusals, OfOnePatientAndOfNoEvent) {
  for (const Statistic& s : kStatistics) {
    if (s.name == "brier") continue;  // needs neither a second patient nor an event
    expect_refusal(s, "one patient", [](Input& in) {
      in.time = {2};
      in.event = {1};
      in.risk = {0.5};
    });
    expect_refusal(
        s, "all censored", [](Input& in) { in.event.assign(5, 0); }, "all patients are censored");
    if (s.at_times) continue;
    expect_refusal(s, "no comparable pair", [](Input& in) { in.event = {0, 0, 0, 0, 1}; });
    expect_refusal(s, "events at one time only", [](Input& in) {
      in.time.assign(5, 3.0);
      in.event.assign(5, 1);
    });
  }
}

TEST(Refusals, OfTimesOfEvaluation) {
  for (const Statistic& s : kStatistics) {
    if (!s.at_times) continue;
    expect_refusal(
        s, "a time before the first patient",
        [](Input& in) {
          in.times = {0.5, 2};
        },
        "outside the follow-up [1, 5)");
    expect_refusal(
        s, "the last time",
        [](Input& in) {
          in.times = {2, 5};
        },
        "outside the follow-up [1, 5)");
    expect_refusal(
        s, "a time beyond",
        [](Input& in) {
          in.times = {2, 9};
        },
        "outside");
    expect_refusal(
        s, "a time that is NaN",
        [](Input& in) {
          in.times = {2, kNan};
        },
        "outside");
    expect_refusal(
        s, "an infinite time",
        [](Input& in) {
          in.times = {2, kInf};
        },
        "outside");
    expect_refusal(
        s, "no time", [](Input& in) { in.times.clear(); }, "no time of evaluation");
  }
}

TEST(Refusals, OfTrainingSets) {
  for (const Statistic& s : kStatistics) {
    if (!s.uses_train) continue;
    expect_refusal(
        s, "train without event", [](Input& in) { in.train_event.assign(6, 0); },
        "all training patients are censored");
    expect_refusal(
        s, "train of unequal lengths", [](Input& in) { in.train_event.pop_back(); },
        "6 times and 5 events");
    expect_refusal(
        s, "train with a NaN", [](Input& in) { in.train_time[0] = kNan; }, "nan");
    // The curve of censorings is at 1/2 after the last training time: unknown beyond.
    expect_refusal(
        s, "a test set beyond train",
        [](Input& in) {
          in.train_time = {0.5, 1, 2, 2.2};
          in.train_event = {1, 1, 0, 1};
        },
        "undefined at");
    if (s.name == "brier") continue;  // there a weight of 0 adds nothing
    // All are censored by 3: the event at 4 cannot be weighted.
    expect_refusal(
        s, "G = 0 at an event",
        [](Input& in) {
          in.train_time = {1, 2, 3};
          in.train_event = {1, 1, 0};
        },
        "no censoring is 0");
  }
}

}  // namespace
}  // namespace tractrix::survival
