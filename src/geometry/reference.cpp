#include "tractrix/geometry/reference.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "radial.hpp"

namespace tractrix::geometry::reference {
namespace meru {
namespace guards {

constexpr double kEps = 1e-8;
const double kLargestSinh = std::asinh(32768.0);

at::Tensor time(const at::Tensor& x, const at::Tensor& c) {
  return (1 / c + radial::product(x, x)).sqrt();
}

at::Tensor angle(const at::Tensor& numerator, const at::Tensor& c_inner, const at::Tensor& norm) {
  const at::Tensor denominator = (c_inner.square() - 1).clamp_min(kEps).sqrt();
  const at::Tensor cosine = numerator / (norm * denominator + kEps);
  return cosine.clamp(-1 + kEps, 1 - kEps).acos();
}

}  // namespace guards

at::Tensor pairwise_inner(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  return at::mm(x, y.t()) - at::mm(guards::time(x, c), guards::time(y, c).t());
}

at::Tensor pairwise_distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  return (-c * pairwise_inner(x, y, c)).clamp_min(1 + guards::kEps).acosh() / c.sqrt();
}

at::Tensor exp0(const at::Tensor& v, const at::Tensor& c) {
  const at::Tensor r = c.sqrt() * radial::length(v);
  return r.clamp(guards::kEps, guards::kLargestSinh).sinh() * v / r.clamp_min(guards::kEps);
}

at::Tensor log0(const at::Tensor& x, const at::Tensor& c) {
  const at::Tensor time = (1 + c * radial::product(x, x)).sqrt();
  const at::Tensor r = c.sqrt() * radial::length(x);
  return time.clamp_min(1 + guards::kEps).acosh() * x / r.clamp_min(guards::kEps);
}

at::Tensor half_aperture(const at::Tensor& x, const at::Tensor& c, double k) {
  const at::Tensor sine = 2 * k / (radial::length(x).squeeze(-1) * c.sqrt() + guards::kEps);
  return sine.clamp(-1 + guards::kEps, 1 - guards::kEps).asin();
}

at::Tensor exterior_angle(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor x_t = guards::time(x, c), y_t = guards::time(y, c);
  const at::Tensor c_inner = c * (radial::product(x, y) - x_t * y_t);
  return guards::angle(y_t + c_inner * x_t, c_inner, radial::length(x)).squeeze(-1);
}

at::Tensor negative_angles(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor x_t = guards::time(x, c).t(), y_t = guards::time(y, c);  // [1, B], [M, 1]
  const at::Tensor c_inner = c * pairwise_inner(y, x, c);
  return -guards::angle(y_t + c_inner * x_t, c_inner, radial::length(x).t());
}

}  // namespace meru

namespace hyptorch {
namespace guards {

constexpr double kNorm = 1e-5, kBoundary = 1e-3, kArtanh = 1e-5;

at::Tensor norm(const at::Tensor& x) { return radial::length(x).clamp_min(kNorm); }
at::Tensor tanh(const at::Tensor& t) { return t.clamp(-15, 15).tanh(); }

// The derivative is that of the unclamped function at the clamped place.
at::Tensor artanh(const at::Tensor& t) {
  const at::Tensor inside = t + (t.clamp(-1 + kArtanh, 1 - kArtanh) - t).detach();
  return 0.5 * ((1 + inside).log() - (1 - inside).log());
}

}  // namespace guards

at::Tensor project(const at::Tensor& x, const at::Tensor& c) {
  const at::Tensor norm = guards::norm(x), largest = (1 - guards::kBoundary) / c.sqrt();
  return at::where(norm > largest, x / norm * largest, x);
}

at::Tensor exp0(const at::Tensor& v, const at::Tensor& c) {
  const at::Tensor r = c.sqrt() * guards::norm(v);
  return project(guards::tanh(r) * v / r, c);
}

at::Tensor log0(const at::Tensor& x, const at::Tensor& c) {
  const at::Tensor r = c.sqrt() * guards::norm(x);
  return guards::artanh(r) / r * x;
}

at::Tensor mobius_add(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor x2 = radial::product(x, x), y2 = radial::product(y, y);
  const at::Tensor xy = radial::product(x, y);
  const at::Tensor numerator = (1 + 2 * c * xy + c * y2) * x + (1 - c * x2) * y;
  return numerator / (1 + 2 * c * xy + c.square() * x2 * y2 + guards::kNorm);
}

at::Tensor distance(const at::Tensor& x, const at::Tensor& y, const at::Tensor& c) {
  const at::Tensor s = c.sqrt(), difference = mobius_add(-x, y, c);
  return (2 / s * guards::artanh(s * radial::length(difference))).squeeze(-1);
}

}  // namespace hyptorch

}  // namespace tractrix::geometry::reference
