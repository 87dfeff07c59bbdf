// The benchmark program: ours and its reference take turns in one process, one JSON line per case.
//
// Fields: bench, case, threads, dtype, ours_s and reference_s (the fastest turn of each), ratio
// (reference_s / ours_s), spread (slowest / fastest turn of ours), peak_bytes and
// reference_peak_bytes (tensors alive at once, above what was alive before), flops and
// reference_flops (matrix products of operators and own kernels, forward and backward), gflops
// (flops / ours_s / 1e9), gemm_peak_gflops (fastest square product of this process), malloc
// (settings in force). A field that was not measured is absent.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tractrix/core/json.hpp"

namespace tractrix::bench {

struct Options {
  int64_t threads = 0;  // 0: all cores
  int64_t rounds = 5;   // turns of each side after one warm-up turn
};

struct Cost {
  int64_t peak_bytes = 0, flops = 0;
};

// One turn under observation: memory of tensors and FLOPs of matrix products. Slower than a plain
// turn, so never one of the timed ones.
Cost observe(const std::function<void()>& turn);

struct Times {
  double ours = 0, spread = 1;      // seconds of the fastest turn; slowest / fastest
  std::optional<double> reference;  // seconds of the fastest turn
};

// Alternates the two sides; an empty reference is left out.
Times alternate(const std::function<void()>& ours, const std::function<void()>& reference,
                int64_t rounds);

// Fastest 1024^3 float32 product of the library behind at::mm and of oneDNN, in GFLOP/s.
double gemm_peak_gflops();

// A line with the fields every case has; the verb adds its own and prints it.
Json line(const std::string& bench, const std::string& name, const Times& times);
void print(const Json& line);

void add_step(CLI::App& app, Options& options);
void add_loader(CLI::App& app, Options& options);
void add_metric(CLI::App& app, Options& options);
void add_geometry(CLI::App& app, Options& options);

}  // namespace tractrix::bench
