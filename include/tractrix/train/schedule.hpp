// Learning rates as pure functions of the counters: nothing to save, nothing to restore.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/config/fields.hpp"

namespace tractrix::train {

// With t and n = the step and steps or the epoch and epochs (`per`), w the warm-up, p = (t - w) /
// (n - w):
//   constant        1
//   linear          1 - p                             transformers get_linear_schedule_with_warmup
//   cosine          (1 + cos(2 pi cycles p)) / 2      transformers get_cosine_schedule_with_warmup;
//   with w = 0 also torch
//                                                     CosineAnnealingLR of T_max = n
//   cosine_squared  cos^2(pi p / 2)                   MERU, HyCoCLIP
//   step            gamma^floor((t - w) / every)      torch StepLR; every = 1: ExponentialLR
//   milestones      gamma^(milestones passed)         torch MultiStepLR, t counted from the start
//   lambda          1 - max(0, t + 1 - hold) / (n - hold + 1)    Pathomic Fusion; GPDBN: 1 - (e +
//   1)/151
// Before t = w the factor is t / w (so the first step has rate 0). `floor` is the factor that 0
// stands for.
enum class ScheduleKind { constant, linear, cosine, cosine_squared, step, milestones, lambda };
const std::vector<std::pair<const char*, ScheduleKind>>& names(ScheduleKind);

enum class ScheduleUnit { step, epoch };
const std::vector<std::pair<const char*, ScheduleUnit>>& names(ScheduleUnit);

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::constant;
  ScheduleUnit per = ScheduleUnit::step;
  double warmup_epochs = 0;  // SurvPath, PANTHER, MMP: 1
  int64_t warmup_steps = 0;  // in the unit `per`, beside warmup_epochs: one of them is 0
  double floor = 0;
  double cycles = 0.5;              // cosine
  int64_t every = 1;                // step
  double gamma = 0.1;               // step, milestones
  std::vector<int64_t> milestones;  // milestones
  int64_t hold = 0;                 // lambda: at the full rate for so long
};
void fields(config::Fields& f, ScheduleOptions& o);

// Where a stage is: the optimizer step about to be taken, counted from 0, of `steps` in all; the
// same for epochs.
struct Moment {
  int64_t step = 0, steps = 0, epoch = 0, epochs = 0;
};

// Rate of this step as a multiple of the base rate.
double rate_factor(const ScheduleOptions& options, const Moment& moment);

}  // namespace tractrix::train
