// Survival in time bins: hazards from logits and the losses on them, as in MCAT, PORPOISE and CMTA
// (utils/loss.py). Conventions: bin [B] integer, the bin of the patient's time; event [B], 1 =
// event seen, 0 = censored (the references' c is 1 - event). Every loss is a mean over the rows
// unless it is called rows.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::losses {

// Hazards and probabilities are raised to this before a logarithm; below it no gradient passes.
constexpr double kHazardFloor = 1e-7;

struct Curve {
  at::Tensor
      hazards;  // [B, K], probability of the event in bin k given survival of the bins before
  at::Tensor survival;  // [B, K], probability of surviving bin k: cumulative product of 1 - hazards
};
Curve curve(const at::Tensor& logits);              // [B, K]; hazards = sigmoid(logits)
at::Tensor survival_of(const at::Tensor& hazards);  // [B, K]
at::Tensor risk_of(const at::Tensor& survival);     // [B] = -sum over the bins

// -log likelihood of the bin: -[log S(bin - 1) + log h(bin)] for an event, -log S(bin) for a
// censored row; (1 - alpha) times it plus alpha times its event part. alpha 0 is what the published
// runs use.
at::Tensor nll_survival_rows(const Curve& curve, const at::Tensor& bin, const at::Tensor& event,
                             double alpha);  // [B]
at::Tensor nll_survival(const at::Tensor& logits, const at::Tensor& bin, const at::Tensor& event,
                        double alpha);

// Cross-entropy form: -log S(bin) for a censored row, -log(1 - S(bin)) for an event; alpha mixes in
// the event part of the likelihood, with 1e-7 added to S(bin - 1) instead of the clamp (reference).
// Not finite where S(bin) is exactly 1.
at::Tensor ce_survival_rows(const Curve& curve, const at::Tensor& bin, const at::Tensor& event,
                            double alpha);  // [B]
at::Tensor ce_survival(const at::Tensor& logits, const at::Tensor& bin, const at::Tensor& event,
                       double alpha);

}  // namespace tractrix::losses
