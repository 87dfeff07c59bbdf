#include "tractrix/survival/concordance_error.hpp"

#include <cmath>

#include "tractrix/survival/concordance.hpp"

namespace tractrix::survival {

ConcordanceError concordance_error(std::span<const double> time, std::span<const uint8_t> event,
                                   std::span<const double> risk, double tied_tolerance) {
  const Concordance total = concordance(time, event, risk, tied_tolerance);
  ConcordanceError result;
  result.index = total.index;
  result.influence.assign(time.size(), 0.0);
  for (size_t i = 0; i < time.size(); ++i) {
    if (event[i] == 0) continue;
    for (size_t j = 0; j < time.size(); ++j) {
      if (!(time[j] > time[i] || (time[j] == time[i] && event[j] == 0))) continue;
      const double difference = risk[i] - risk[j];
      double score = difference > 0 ? 1.0 : 0.0;
      if (std::abs(difference) <= tied_tolerance) score = 0.5;
      result.influence[i] += score - total.index;
      result.influence[j] += score - total.index;
    }
  }
  double sum = 0;
  for (double& value : result.influence) {
    value /= static_cast<double>(total.comparable);
    sum += value * value;
  }
  result.standard_error = std::sqrt(sum);
  return result;
}

}  // namespace tractrix::survival
