// How one stage is trained. `train:` in a config holds for every stage, `train.stages.<name>`
// overrides it.
#pragma once

#include "tractrix/config/fields.hpp"
#include "tractrix/train/optimizer.hpp"
#include "tractrix/train/schedule.hpp"

namespace tractrix::train {

// weighted: draws with replacement, N per epoch, each joint class of bin and event equally often
// (MCAT, CMTA).
enum class Sampling { plain, weighted };
constexpr std::pair<const char*, Sampling> kSamplings[] = {{"plain", Sampling::plain},
                                                           {"weighted", Sampling::weighted}};
constexpr auto& names(Sampling) { return kSamplings; }

// mean: true mean over the window, a last partial window is stepped too.
// mcat: every example counts 1/window; gradients of a last partial window are not stepped but stay
// and join the next epoch's first window (reference code of the MCAT lineage, specs D-20).
enum class Accumulation { mean, mcat };
constexpr std::pair<const char*, Accumulation> kAccumulations[] = {{"mean", Accumulation::mean},
                                                                   {"mcat", Accumulation::mcat}};
constexpr auto& names(Accumulation) { return kAccumulations; }

struct Plan {
  int64_t epochs = 20;
  int64_t steps = 0;   // > 0: optimizer steps instead of epochs
  int64_t batch = 0;   // examples per forward pass; 0: as many as the recipe and the window allow
  int64_t window = 1;  // examples per optimizer step: accumulation and risk set are the same thing
  double lr = 2e-4;
  double clip = 0;  // largest gradient norm; 0: no clipping
  int64_t patience =
      0;  // epochs without a better inner-validation value before the stage ends; 0: never
  int64_t report_every = 1;     // epochs between two evaluations, lines and saves
  double modality_dropout = 0;  // part of the visits in which one optional input is left out
  Sampling sampling = Sampling::plain;
  Accumulation accumulation = Accumulation::mean;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
};
void fields(config::Fields& f, Plan& p);

}  // namespace tractrix::train
