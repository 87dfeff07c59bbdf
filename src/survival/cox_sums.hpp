// The sums over risk sets that Cox's likelihood, its derivatives and its residuals are made of.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tractrix/survival/cox_regression.hpp"

namespace tractrix::survival {

// One distinct time with m >= 1 events in one stratum. Means and variances are over the risk set
// with weights exp(x b); with Efron's ties over the m risk sets that he takes.
struct EventTime {
  double time = 0;
  int64_t stratum = 0;
  std::span<const size_t> deaths;   // [m] patients
  double log_likelihood = 0;        // contribution to the partial log likelihood
  double hazard = 0;                // increment of the cumulative hazard at x = 0
  std::vector<double> mean;         // [P]: average of the m means
  std::vector<double> score;        // [P]: sum over the deaths of x - mean
  std::vector<double> information;  // [P, P]: sum of the m covariance matrices
};

// Patients by stratum (ascending) and time (descending), the order in which risk sets grow.
class RiskSets {
 public:
  RiskSets(std::span<const double> time, std::span<const uint8_t> event,
           std::span<const int64_t> strata);

  // Calls back once for every distinct event time; the argument is reused. x: [N, P].
  void visit(std::span<const double> x, std::span<const double> coefficient, Ties ties,
             const std::function<void(const EventTime&)>& use) const;

  // Whether x d of every event is the largest of its risk set up to tolerance times the range of
  // x d, and larger than that of somebody: then the likelihood grows along d for ever.
  bool monotone_along(std::span<const double> x, std::span<const double> direction,
                      double tolerance) const;

 private:
  struct Group {  // the patients of one time in one stratum
    double time;
    int64_t stratum;
    bool opens_stratum;
    std::vector<size_t> deaths, censored;
  };
  std::vector<Group> groups_;
};

// The covariates minus the means of the fit, [N, P]. Throws an Error when the shapes do not fit.
std::vector<double> centred(const CoxData& data, const CoxFit& fit);

}  // namespace tractrix::survival
