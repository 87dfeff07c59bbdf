// Several runs of one config: over seeds, over values of options.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tractrix::app {

struct SweepPoint {
  std::string label, folder;             // folder: below the sweep's, "train.lr=1e-4/seed_2"
  std::vector<std::string> assignments;  // over the config
};

// sweeps: "key=v1,v2" (commas inside brackets or quotes belong to a value). One at a time: each
// value with all other options at the config's own; grid: every combination. Each of these with
// every seed. Throws an Error for a sweep without values or a key given twice.
std::vector<SweepPoint> sweep_points(const std::vector<std::string>& sweeps, bool grid,
                                     const std::vector<int64_t>& seeds);

// sweep.json in the folder: what belongs together.
void write_sweep(const std::filesystem::path& folder, const std::vector<SweepPoint>& points);
bool is_sweep(const std::filesystem::path& folder);
// The run folders of its points, in order.
std::vector<std::filesystem::path> sweep_runs(const std::filesystem::path& folder);
// Writes summary.json and summary.md and prints the table: one row per point, mean over the seeds.
void print_sweep(const std::filesystem::path& folder);

}  // namespace tractrix::app
