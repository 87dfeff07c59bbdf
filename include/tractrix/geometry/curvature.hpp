// A curvature -c that can be learned: one raw number of a module and the positive c it stands for.
#pragma once

#include <torch/nn/module.h>

#include <string>

namespace tractrix::geometry {

enum class CurvatureForm {
  exp,       // c = exp(raw): MERU, HyCoCLIP, HyperST
  softplus,  // c = log(1 + exp(raw)): geoopt, HypLL, H2-Surv
};

struct CurvatureOptions {
  double initial = 1;
  CurvatureForm form = CurvatureForm::exp;
  bool learn = true;
  // Bounds of c as factors of `initial`. Without them a curvature can run towards 0, where the
  // entailment terms vanish.
  double lowest = 0.1, highest = 10;
};

class Curvature {
 public:
  // Weight decay would pull c towards a value that means nothing: exclude the parameter
  // (recipe::ParameterRule{name, true, Curvature::kDecay}).
  static constexpr bool kDecay = false;

  // Registers a scalar parameter of that name with the module. Throws Error for options out of
  // range.
  Curvature(torch::nn::Module& owner, const std::string& name,
            const CurvatureOptions& options = {});

  // c, a number with a gradient to the raw parameter.
  at::Tensor value() const;
  // Puts the raw parameter back into its bounds, in place: call it after each optimizer step, or
  // before each use as MERU does. The gradient at a bound is not masked.
  void clamp();

  const CurvatureOptions& options() const { return options_; }

 private:
  double raw_of(double c) const;

  CurvatureOptions options_;
  at::Tensor raw_;
};

}  // namespace tractrix::geometry
