// The outputs that survival models of the MCAT family share.
#pragma once

#include "support/golden.hpp"
#include "tractrix/losses/discrete_survival.hpp"

namespace tractrix::test {

// hazards and S, and loss where the case's config asks for it, from logits [B, K].
inline Tensors survival_outputs(Golden& golden, const at::Tensor& logits) {
  const losses::Curve curve = losses::curve(logits);
  Tensors out{{"hazards", curve.hazards}, {"S", curve.survival}};
  if (!golden.config().contains("loss")) return out;
  const double alpha = golden.config().at("loss").at("nll_alpha");
  const at::Tensor event = 1 - golden.input("c");
  out["loss"] = losses::nll_survival(logits, golden.input("Y"), event, alpha).reshape({1});
  return out;
}

}  // namespace tractrix::test
