// Run folders as the trainer writes them, small enough to compute by hand.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/eval/predictions.hpp"

namespace tractrix::testing {

// Four patients with events at 1, 2, 3 and one censored at 4: six comparable pairs. swaps of
// neighbours, from the concordant order, cost one pair each.
inline eval::Predictions four_patients(int64_t fold, int swaps) {
  eval::Predictions table;
  std::vector<double> risk{4, 3, 2, 1};
  constexpr int kSwaps[] = {0, 2, 1};  // disjoint, then over both: always one more discordant pair
  for (int i = 0; i < swaps; ++i) std::swap(risk[kSwaps[i]], risk[kSwaps[i] + 1]);
  for (int i = 0; i < 4; ++i) {
    table.rows.push_back({"f" + std::to_string(fold) + "p" + std::to_string(i),
                          fold,
                          i + 1.0,
                          i < 3,
                          risk[static_cast<size_t>(i)],
                          {}});
  }
  return table;
}

struct RunText {
  std::string cohort = "toy";
  int64_t folds = 2;
  bool synthetic = false;
  std::string splits = "aaaaaaaaaaaabbbb";
};

inline void write_facts(const std::filesystem::path& run, const RunText& text) {
  std::filesystem::create_directories(run);
  write_file(run / "run.json", Json{{"tractrix", "9.9.9"},
                                    {"libtorch", "2.0.0"},
                                    {"command", "tractrix crossval configs/toy.yaml"},
                                    {"config_sha256", "cccc"},
                                    {"tables_sha256", {{"/data/toy.csv", "ddddddddddddeeee"}}},
                                    {"splits_sha256", text.splits},
                                    {"seed", 1},
                                    {"cohort", text.cohort},
                                    {"patients", 4 * text.folds},
                                    {"events", 3 * text.folds},
                                    {"folds", text.folds},
                                    {"bins", "4 from each training fold"},
                                    {"synthetic", text.synthetic},
                                    {"notes", Json::array()}}
                                   .dump(2));
  write_file(run / "config.yaml",
             "recipe:\n  name: fusion\ndata:\n  inputs:\n    genes:\n      kind: vector\n      "
             "standardise: true\nsplit:\n  inner_val: 0.15\n");
}

// swaps: of the selections last, inner (below 0: no such table) and best.
inline void write_fold(const std::filesystem::path& run, int64_t fold, int last, int inner,
                       int best) {
  const auto folder = run / ("fold_" + std::to_string(fold));
  std::filesystem::create_directories(folder);
  const std::pair<const char*, int> tables[] = {{"last", last}, {"inner", inner}, {"best", best}};
  for (const auto& [name, swaps] : tables)
    if (swaps >= 0)
      eval::write_predictions(folder / ("predictions_" + std::string(name) + ".csv"),
                              four_patients(fold, swaps));
  std::string lines;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    Json line{{"fold", fold},
              {"stage", "main"},
              {"epoch", epoch},
              {"loss", {{"nll", 3.0 / epoch}}},
              {"val", {{"c_index", 0.4 + 0.1 * epoch}, {"loss", {{"nll", 4.0 / epoch}}}}}};
    lines += line.dump() + "\n";
  }
  write_file(folder / "metrics.jsonl", lines);
}

// Two folds; C-index at the last epoch 6/6 and 5/6 less one pair per swap more.
inline void write_run(const std::filesystem::path& run, int swaps, const RunText& text = {}) {
  write_facts(run, text);
  for (int64_t k = 0; k < text.folds; ++k)
    write_fold(run, k, swaps + static_cast<int>(k % 2), -1, 0);
}

}  // namespace tractrix::testing
