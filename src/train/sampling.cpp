#include "tractrix/train/sampling.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace tractrix::train {

std::vector<int64_t> draw_counts(const std::vector<double>& weights, int64_t draws,
                                 const Seed& seed) {
  std::vector<double> ends(weights.size());
  std::partial_sum(weights.begin(), weights.end(), ends.begin());
  std::vector<int64_t> counts(weights.size(), 0);
  for (int64_t i = 0; i < draws; ++i) {
    const double point = seed.uniform(static_cast<uint64_t>(i)) * ends.back();
    const auto found = std::upper_bound(ends.begin(), ends.end(), point);
    ++counts[std::min<size_t>(static_cast<size_t>(found - ends.begin()), weights.size() - 1)];
  }
  return counts;
}

std::vector<double> balanced_weights(const std::vector<int64_t>& classes) {
  std::map<int64_t, double> members;
  for (int64_t c : classes) ++members[c];
  std::vector<double> weights;
  for (int64_t c : classes) weights.push_back(static_cast<double>(classes.size()) / members[c]);
  return weights;
}

}  // namespace tractrix::train
