// Settings of the whole process that decide speed and bits; the first thing a program does.
#pragma once

#include <cstdint>

namespace tractrix {

// Computing threads (0: all cores) and the allocator's thresholds: large tensors stay mapped
// between steps, which saves the page faults of every fresh buffer.
void tune_process(int64_t threads);

}  // namespace tractrix
