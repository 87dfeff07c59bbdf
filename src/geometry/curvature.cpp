#include "tractrix/geometry/curvature.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "tractrix/core/error.hpp"

namespace tractrix::geometry {

Curvature::Curvature(torch::nn::Module& owner, const std::string& name,
                     const CurvatureOptions& options)
    : options_(options) {
  const bool ordered = options.lowest > 0 && options.lowest <= 1 && options.highest >= 1;
  if (!(options.initial > 0) || !ordered)
    throw Error("Curvature", "expected initial > 0 and 0 < lowest <= 1 <= highest");
  raw_ = owner.register_parameter(name, at::full({}, raw_of(options.initial)), options.learn);
}

// log(expm1(c)) without the overflow of a large c.
double Curvature::raw_of(double c) const {
  return options_.form == CurvatureForm::exp ? std::log(c) : c + std::log(-std::expm1(-c));
}

at::Tensor Curvature::value() const {
  return options_.form == CurvatureForm::exp ? raw_.exp() : at::softplus(raw_);
}

void Curvature::clamp() {
  at::NoGradGuard no_grad;
  raw_.clamp_(raw_of(options_.initial * options_.lowest),
              raw_of(options_.initial * options_.highest));
}

}  // namespace tractrix::geometry
