#include "tractrix/geometry/models.hpp"

#include <ATen/ATen.h>

#include "radial.hpp"

namespace tractrix::geometry {
namespace models {

// s x_t = sqrt(1 + c|x|^2).
at::Tensor scaled_time(const at::Tensor& x, const at::Tensor& c) {
  return (1 + radial::column(c, x) * radial::product(x, x)).sqrt();
}

at::Tensor gap(const at::Tensor& x, const at::Tensor& c) {
  return radial::gap(x, radial::column(c, x));
}

}  // namespace models

at::Tensor lorentz_to_poincare(const at::Tensor& x, const at::Tensor& c) {
  return x / (1 + models::scaled_time(x, c));
}

at::Tensor lorentz_to_klein(const at::Tensor& x, const at::Tensor& c) {
  return x / models::scaled_time(x, c);
}

at::Tensor poincare_to_lorentz(const at::Tensor& p, const at::Tensor& c) {
  return 2 * p / models::gap(p, c);
}

at::Tensor poincare_to_klein(const at::Tensor& p, const at::Tensor& c) {
  return 2 * p / (1 + radial::column(c, p) * radial::product(p, p));
}

at::Tensor klein_to_lorentz(const at::Tensor& k, const at::Tensor& c) {
  return k / models::gap(k, c).sqrt();
}

at::Tensor klein_to_poincare(const at::Tensor& k, const at::Tensor& c) {
  return k / (1 + models::gap(k, c).sqrt());
}

}  // namespace tractrix::geometry
