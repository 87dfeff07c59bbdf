#include "tractrix/train/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tractrix::train {
namespace schedules {

// Counters in the unit of the schedule.
struct Clock {
  double now, end, warmup;
  double progress() const { return (now - warmup) / std::max(1.0, end - warmup); }
};

Clock clock(const ScheduleOptions& o, const Moment& m) {
  const bool steps = o.per == ScheduleUnit::step;
  const double per_epoch =
      steps ? static_cast<double>(m.steps) / static_cast<double>(std::max<int64_t>(1, m.epochs))
            : 1;
  return {static_cast<double>(steps ? m.step : m.epoch),
          static_cast<double>(steps ? m.steps : m.epochs),
          static_cast<double>(o.warmup_steps) + o.warmup_epochs * per_epoch};
}

double shape(const ScheduleOptions& o, const Clock& c) {
  using std::numbers::pi;
  switch (o.kind) {
    case ScheduleKind::constant:
      return 1;
    case ScheduleKind::linear:
      return std::max(0.0, 1 - c.progress());
    case ScheduleKind::cosine:
      return (1 + std::cos(2 * pi * o.cycles * c.progress())) / 2;
    case ScheduleKind::cosine_squared:
      return std::pow(std::cos(pi / 2 * c.progress()), 2);
    case ScheduleKind::step:
      return std::pow(o.gamma, std::floor((c.now - c.warmup) / static_cast<double>(o.every)));
    case ScheduleKind::milestones: {
      const auto passed = std::count_if(o.milestones.begin(), o.milestones.end(),
                                        [&](int64_t m) { return static_cast<double>(m) <= c.now; });
      return std::pow(o.gamma, static_cast<double>(passed));
    }
    case ScheduleKind::lambda: {
      const double hold = static_cast<double>(o.hold);
      return std::max(0.0, 1 - std::max(0.0, c.now + 1 - hold) / (c.end - hold + 1));
    }
  }
  return 1;
}

}  // namespace schedules

const std::vector<std::pair<const char*, ScheduleKind>>& names(ScheduleKind) {
  static const std::vector<std::pair<const char*, ScheduleKind>> all{
      {"constant", ScheduleKind::constant}, {"linear", ScheduleKind::linear},
      {"cosine", ScheduleKind::cosine},     {"cosine_squared", ScheduleKind::cosine_squared},
      {"step", ScheduleKind::step},         {"milestones", ScheduleKind::milestones},
      {"lambda", ScheduleKind::lambda}};
  return all;
}

const std::vector<std::pair<const char*, ScheduleUnit>>& names(ScheduleUnit) {
  static const std::vector<std::pair<const char*, ScheduleUnit>> all{
      {"step", ScheduleUnit::step}, {"epoch", ScheduleUnit::epoch}};
  return all;
}

void fields(config::Fields& f, ScheduleOptions& o) {
  f("kind", o.kind, "how the learning rate falls");
  f("per", o.per, "the rate changes at every optimizer step or at every epoch");
  f("warmup_epochs", o.warmup_epochs, "epochs in which the rate rises linearly from 0",
    config::at_least(0));
  f("warmup_steps", o.warmup_steps, "the same in steps (in epochs with per: epoch)",
    config::at_least(0));
  f("floor", o.floor, "the lowest rate as a part of train.lr", config::between(0, 1));
  f("cycles", o.cycles, "cosine: periods; 0.5 ends at the floor", config::above(0));
  f("every", o.every, "step: steps or epochs between two drops", config::at_least(1));
  f("gamma", o.gamma, "step, milestones: factor of a drop", config::above(0));
  f("milestones", o.milestones, "milestones: steps or epochs of the drops", config::at_least(0));
  f("hold", o.hold, "lambda: steps or epochs at the full rate", config::at_least(0));
  f.require(o.warmup_epochs == 0 || o.warmup_steps == 0, "warmup_steps",
            "must be 0 when warmup_epochs is set");
  f.require(o.kind != ScheduleKind::milestones || !o.milestones.empty(), "milestones",
            "must be set for kind: milestones");
}

double rate_factor(const ScheduleOptions& options, const Moment& moment) {
  const auto clock = schedules::clock(options, moment);
  if (clock.now < clock.warmup) return clock.now / std::max(1.0, clock.warmup);
  return options.floor + (1 - options.floor) * schedules::shape(options, clock);
}

}  // namespace tractrix::train
