// Element arithmetic of the tangent-polar pair distance; free of torch, usable from device code.
// Hyperbolic law of cosines in half-angle form: with r = s|u|, s = sqrt(c), unit vectors a and b
// and h = |a - b|/2, sinh^2(D/2) = sinh^2((r1 - r2)/2) + sinh(r1) sinh(r2) h^2, distance d = D/s.
#pragma once

#include <cmath>

#ifdef __CUDACC__
#define TRACTRIX_HOST_DEVICE __host__ __device__
#else
#define TRACTRIX_HOST_DEVICE
#endif

namespace tractrix::geometry {

// A point by its scaled radius r = s|u| with the functions of it that every pair needs.
struct PolarPoint {
  double r, root_sinh, coth;  // r, sqrt(sinh r), coth r (0 at the origin)
};

// D = s d and its derivatives: by r1 and r2, and by cos(theta) divided by r1 and r2.
struct PairElement {
  double d, by_r1, by_r2, by_u, by_v;
};

// Above this radius the square root of sinh r would leave the range of a product of two.
inline constexpr double kMaxRadius = 680.0;

TRACTRIX_HOST_DEVICE inline PolarPoint polar_point(double radius) {
  const double r = radius < kMaxRadius ? radius : kMaxRadius;
  if (r == 0) return {0, 0, 0};
  const double sinh_r = std::sinh(r);
  return {r, std::sqrt(sinh_r), 1 / std::tanh(r)};
}

// hypot keeps the squares in range; h^2 = 1/2 stands for a point at the origin (a.b = 0 there).
TRACTRIX_HOST_DEVICE inline double pair_distance_element(const PolarPoint& p, const PolarPoint& q,
                                                         double h) {
  const double radial = std::sinh((p.r - q.r) / 2);
  const double across = p.root_sinh * q.root_sinh * h;
  return 2 * std::asinh(std::hypot(radial, across));
}

// Quotients are formed before products, so that no factor exceeds the range. All derivatives are 0
// at coincident points, where the distance has a kink.
TRACTRIX_HOST_DEVICE inline PairElement pair_element(const PolarPoint& p, const PolarPoint& q,
                                                     double h) {
  const double radial = std::sinh((p.r - q.r) / 2), cosh_half = std::cosh((p.r - q.r) / 2);
  const double product = p.root_sinh * q.root_sinh, across = product * h;
  const double t = std::hypot(radial, across), w = std::hypot(1.0, t);
  if (t == 0) return {0, 0, 0, 0, 0};
  const double along = (radial / t) * (cosh_half / w), bend = (across / t) * (across / w);
  const double by_u =
      p.r > 0 ? (product / t) * (product / w) / p.r : (q.root_sinh / t) * (q.root_sinh / w);
  const double by_v =
      q.r > 0 ? (product / t) * (product / w) / q.r : (p.root_sinh / t) * (p.root_sinh / w);
  return {2 * std::asinh(t), along + p.coth * bend, -along + q.coth * bend, -by_u / 2, -by_v / 2};
}

}  // namespace tractrix::geometry
