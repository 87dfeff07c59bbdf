#include "tractrix/tensor/process.hpp"

#include <ATen/Parallel.h>
#include <malloc.h>

#include <thread>

namespace tractrix {

void tune_process(int64_t threads) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  at::set_num_threads(threads > 0 ? static_cast<int>(threads)
                                  : static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace tractrix
