#include "tractrix/losses/discrete_survival.hpp"

#include <ATen/ATen.h>

namespace tractrix::losses {
namespace {

// What both losses pick from a curve, one number per row. before(0) = 1.
struct Picked {
  at::Tensor before, hazard, after;  // [B]
};

Picked pick(const Curve& curve, const at::Tensor& bin) {
  TORCH_CHECK(curve.hazards.dim() == 2 && bin.dim() == 1 && bin.size(0) == curve.hazards.size(0),
              "discrete survival: hazards must be [B, K] and bin [B]");
  const at::Tensor column = bin.to(at::kLong).unsqueeze(1);  // [B, 1]
  const at::Tensor padded =
      at::cat({at::ones_like(curve.survival.narrow(1, 0, 1)), curve.survival}, 1);  // [B, K + 1]
  return {padded.gather(1, column).squeeze(1), curve.hazards.gather(1, column).squeeze(1),
          padded.gather(1, column + 1).squeeze(1)};
}

at::Tensor floor_log(const at::Tensor& probability) {
  return probability.clamp_min(kHazardFloor).log();
}

}  // namespace

at::Tensor survival_of(const at::Tensor& hazards) { return (1 - hazards).cumprod(1); }

at::Tensor risk_of(const at::Tensor& survival) { return -survival.sum(1); }

Curve curve(const at::Tensor& logits) {
  const at::Tensor hazards = at::sigmoid(logits);
  return {hazards, survival_of(hazards)};
}

at::Tensor nll_survival_rows(const Curve& curve, const at::Tensor& bin, const at::Tensor& event,
                             double alpha) {
  const Picked at_bin = pick(curve, bin);
  const at::Tensor seen = event.to(curve.hazards.scalar_type());
  const at::Tensor uncensored = -seen * (floor_log(at_bin.before) + floor_log(at_bin.hazard));
  const at::Tensor censored = -(1 - seen) * floor_log(at_bin.after);
  return (1 - alpha) * (censored + uncensored) + alpha * uncensored;
}

at::Tensor nll_survival(const at::Tensor& logits, const at::Tensor& bin, const at::Tensor& event,
                        double alpha) {
  return nll_survival_rows(curve(logits), bin, event, alpha).mean();
}

at::Tensor ce_survival_rows(const Curve& curve, const at::Tensor& bin, const at::Tensor& event,
                            double alpha) {
  const Picked at_bin = pick(curve, bin);
  const at::Tensor seen = event.to(curve.hazards.scalar_type());
  const at::Tensor after = at_bin.after.clamp_min(kHazardFloor);
  const at::Tensor entropy = -(1 - seen) * after.log() - seen * (1 - after).log();
  const at::Tensor likelihood =
      -seen * ((at_bin.before + kHazardFloor).log() + floor_log(at_bin.hazard));
  return (1 - alpha) * entropy + alpha * likelihood;
}

at::Tensor ce_survival(const at::Tensor& logits, const at::Tensor& bin, const at::Tensor& event,
                       double alpha) {
  return ce_survival_rows(curve(logits), bin, event, alpha).mean();
}

}  // namespace tractrix::losses
