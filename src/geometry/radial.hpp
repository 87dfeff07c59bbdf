// Radial functions of the maps between models, as functions of q = t^2 so that no norm (and no
// kink at the origin) enters them: f(q) with t = sqrt(q). Below a limit they are power series,
// whose derivative keeps its digits; the closed form takes over where its derivative no longer
// cancels.
#pragma once

#include <ATen/ATen.h>

#include <initializer_list>

namespace tractrix::geometry::radial {

// c as it multiplies [..., D] or [..., 1]: one number stays one, one per point gets a last axis.
inline at::Tensor column(const at::Tensor& c, const at::Tensor& like) {
  const at::Tensor same = c.to(like.scalar_type());
  return same.numel() == 1 ? same.reshape({}) : same.unsqueeze(-1);
}

inline at::Tensor product(const at::Tensor& a, const at::Tensor& b) {
  return (a * b).sum(-1, true);
}
// The derivative at the zero vector is 0.
inline at::Tensor length(const at::Tensor& a) { return a.norm(2, {-1}, true); }
// 0 for the zero vector, with derivative 1 there.
inline at::Tensor unit(const at::Tensor& a, const at::Tensor& size) {
  return a / at::where(size > 0, size, 1);
}

inline at::Tensor polynomial(const at::Tensor& q, std::initializer_list<double> highest_first) {
  at::Tensor value = at::zeros_like(q);
  for (const double coefficient : highest_first) value = value * q + coefficient;
  return value;
}

// Each branch sees arguments of its own range only, so no infinity of the other one reaches a
// gradient.
template <typename Series, typename Closed>
at::Tensor joined(const at::Tensor& q, double limit, Series&& series, Closed&& closed) {
  const at::Tensor small = q < limit;
  return at::where(small, series(at::where(small, q, 0)), closed(at::where(small, 1, q)));
}

inline at::Tensor sinhc(const at::Tensor& q);      // sinh(t)/t
inline at::Tensor cosh_root(const at::Tensor& q);  // cosh(t)
inline at::Tensor tanhc(const at::Tensor& q);      // tanh(t)/t
inline at::Tensor sech2(const at::Tensor& q);      // 1 - tanh(t)^2 without the subtraction
inline at::Tensor asinhc(const at::Tensor& q);     // asinh(t)/t
inline at::Tensor atanhc(
    const at::Tensor& q);  // artanh(t)/t; t is cut at the largest number below 1

// Distance of a number from 1 that stands for the boundary of a ball.
inline double boundary(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? 0x1p-53 : 0x1p-24;
}
// 1 - t^2 for t = s|x|, at least the smallest difference from 1 (points on or beyond the boundary).
// (1 - t)(1 + t) has the digits near the boundary, 1 - t^2 those of the derivative near the origin.
inline at::Tensor gap(const at::Tensor& x, const at::Tensor& c) {
  const at::Tensor t = c.sqrt() * length(x);
  const at::Tensor far = (1 - t).clamp_min(boundary(x)) * (1 + t);
  return at::where(t < 0.5, 1 - c * product(x, x), far);
}

inline at::Tensor sinhc(const at::Tensor& q) {
  return joined(
      q, 0.25,
      [](const at::Tensor& x) {
        return polynomial(x, {1 / 1307674368000.0, 1 / 6227020800.0, 1 / 39916800.0, 1 / 362880.0,
                              1 / 5040.0, 1 / 120.0, 1 / 6.0, 1.0});
      },
      [](const at::Tensor& x) {
        const at::Tensor t = x.sqrt();
        return t.sinh() / t;
      });
}

inline at::Tensor cosh_root(const at::Tensor& q) {
  return joined(
      q, 0.25,
      [](const at::Tensor& x) {
        return polynomial(x, {1 / 87178291200.0, 1 / 479001600.0, 1 / 3628800.0, 1 / 40320.0,
                              1 / 720.0, 1 / 24.0, 1 / 2.0, 1.0});
      },
      [](const at::Tensor& x) { return x.sqrt().cosh(); });
}

// The exponential form: that of a library would differentiate to 1 - tanh^2, which cancels.
inline at::Tensor tanhc(const at::Tensor& q) {
  return joined(
      q, 0.25, [](const at::Tensor& x) { return sinhc(x) / cosh_root(x); },
      [](const at::Tensor& x) {
        const at::Tensor t = x.sqrt(), e = (-2 * t).exp();
        return (1 - e) / (1 + e) / t;
      });
}

inline at::Tensor sech2(const at::Tensor& q) {
  return joined(
      q, 0.25, [](const at::Tensor& x) { return cosh_root(x).square().reciprocal(); },
      [](const at::Tensor& x) {
        const at::Tensor e = (-2 * x.sqrt()).exp();
        return 4 * e / (1 + e).square();
      });
}

// Coefficients (-1)^k (2k)! / (4^k k!^2 (2k + 1)).
inline at::Tensor asinhc(const at::Tensor& q) {
  return joined(
      q, 1.0 / 16,
      [](const at::Tensor& x) {
        return polynomial(x, {676039.0 / 104857600, -88179.0 / 12058624, 46189.0 / 5505024,
                              -12155.0 / 1245184, 6435.0 / 557056, -143.0 / 10240, 231.0 / 13312,
                              -63.0 / 2816, 35.0 / 1152, -5.0 / 112, 3.0 / 40, -1.0 / 6, 1.0});
      },
      [](const at::Tensor& x) {
        const at::Tensor t = x.sqrt();
        return t.asinh() / t;
      });
}

inline at::Tensor atanhc(const at::Tensor& q) {
  const double largest = 1 - boundary(q);
  return joined(
      q, 1.0 / 16,
      [](const at::Tensor& x) {
        return polynomial(x, {1 / 27.0, 1 / 25.0, 1 / 23.0, 1 / 21.0, 1 / 19.0, 1 / 17.0, 1 / 15.0,
                              1 / 13.0, 1 / 11.0, 1 / 9.0, 1 / 7.0, 1 / 5.0, 1 / 3.0, 1.0});
      },
      [&](const at::Tensor& x) {
        const at::Tensor t = x.sqrt().clamp_max(largest);
        return 0.5 * (2 * t / (1 - t)).log1p() / t;
      });
}

// tanh of a number of either sign whose derivative 4e/(1 + e)^2 keeps its digits in saturation.
inline at::Tensor tanh_saturating(const at::Tensor& x) {
  const at::Tensor positive = x >= 0, size = at::where(positive, x, -x), small = size < 0.5;
  const at::Tensor low = at::where(small, size, 0), high = at::where(small, 1, size);
  const at::Tensor e = (-2 * high).exp();
  const at::Tensor value = at::where(small, low.tanh(), (1 - e) / (1 + e));
  return at::where(positive, value, -value);
}

}  // namespace tractrix::geometry::radial
