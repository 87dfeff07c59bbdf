// Negative Cox partial log-likelihood of log-risks. The risk set of row i is every row j with
// time_j >= time_i, ties and i itself included. O(n log n), and stable for log-risks of any size
// (only differences are exponentiated).
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::losses {

enum class Ties {
  breslow,
  efron
};  // events at one time: each sees the whole risk set | they leave it one after the other
enum class Over {
  events,
  rows,
  sum
};  // divided by the number of events | of rows (MCAT's CoxSurvLoss) | not at all

struct CoxOptions {
  Ties ties = Ties::breslow;
  Over over = Over::events;
};

// log_risk [n] or [n, 1], time [n], event [n] (1 = event). 0 with gradient 0 when no row has an
// event.
at::Tensor cox(const at::Tensor& log_risk, const at::Tensor& time, const at::Tensor& event,
               const CoxOptions& options = {});

}  // namespace tractrix::losses
