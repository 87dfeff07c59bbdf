// Weighted sampling with replacement from an own stream.
#pragma once

#include <cstdint>
#include <vector>

#include "tractrix/core/seed.hpp"

namespace tractrix::train {

// How often each example is drawn in `draws` independent draws with these weights (> 0).
std::vector<int64_t> draw_counts(const std::vector<double>& weights, int64_t draws,
                                 const Seed& seed);

// N / (members of the example's class), as MCAT weighs the joint classes of bin and event.
std::vector<double> balanced_weights(const std::vector<int64_t>& classes);

}  // namespace tractrix::train
