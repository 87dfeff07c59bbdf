#include "tractrix/survival/brier.hpp"

#include <string>

#include "check.hpp"
#include "tractrix/core/error.hpp"

namespace tractrix::survival {
namespace {

const std::string kWhere = "Brier score";

void check_ascending_times(std::span<const double> times) {
  for (size_t k = 1; k < times.size(); ++k) {
    if (times[k] > times[k - 1]) continue;
    throw Error(kWhere, "the times must ascend strictly", "sort them, with their predictions");
  }
}

double inverse(double g) { return g > 0 ? 1 / g : 0.0; }

}  // namespace

std::vector<double> brier_score(const Patients& train, const Patients& test,
                                std::span<const double> predicted, std::span<const double> times) {
  check_survival(kWhere, test.time, test.event, 1);
  check_times(kWhere, test.time, times);
  check_ascending_times(times);
  const size_t n = test.time.size();
  if (predicted.size() != n * times.size()) {
    throw Error(kWhere, std::to_string(predicted.size()) + " probabilities were given for " +
                            std::to_string(n) + " patients and " + std::to_string(times.size()) +
                            " times");
  }
  for (double s : predicted) {
    if (s >= 0 && s <= 1) continue;
    throw Error(kWhere, "a predicted survival is " + std::to_string(s) + ", not within [0, 1]",
                "give probabilities, not risks");
  }
  const CensoringCurve censoring(train);
  std::vector<double> score(times.size(), 0.0);
  for (size_t i = 0; i < n; ++i) {
    const double own = inverse(censoring.at(test.time[i]));
    for (size_t k = 0; k < times.size(); ++k) {
      const double s = predicted[i * times.size() + k];
      if (test.time[i] > times[k]) {
        score[k] += (1 - s) * (1 - s) * inverse(censoring.at(times[k]));
      } else if (test.event[i] != 0) {
        score[k] += s * s * own;
      }
    }
  }
  for (double& value : score) value /= static_cast<double>(n);
  return score;
}

double integrated_brier_score(std::span<const double> score, std::span<const double> times) {
  if (score.size() != times.size() || times.size() < 2) {
    throw Error(kWhere, "undefined: the integral needs a score for each of at least 2 times");
  }
  check_finite(kWhere, "score", score);
  check_ascending_times(times);
  double sum = 0;
  for (size_t k = 1; k < times.size(); ++k) {
    sum += (times[k] - times[k - 1]) * (score[k] + score[k - 1]) / 2;
  }
  return sum / (times.back() - times.front());
}

}  // namespace tractrix::survival
