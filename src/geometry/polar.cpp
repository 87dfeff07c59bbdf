#include "polar.hpp"

#include <torch/csrc/autograd/custom_function.h>

namespace tractrix::geometry::polar {
namespace ends {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// One end: direction (the zero vector at the origin), sinh and cosh of its scaled radius r.
struct End {
  at::Tensor direction, sinh, cosh;
};

struct Pair {
  End a, b;
  at::Tensor difference;  // of the directions, b - a
  at::Tensor h2;          // |a - b|^2 / 4 = sin^2 of half the angle between them
  at::Tensor radial;      // sinh(r1 - r2)
};

// v/|v| - u/|u|; of close vectors (v - u)/|v| less its part along u, which keeps the digits of v -
// u.
at::Tensor turn(const at::Tensor& u, const at::Tensor& v, const End& a, const End& b) {
  const at::Tensor step = v - u, length_u = radial::length(u), length_v = radial::length(v);
  const at::Tensor close = 4 * radial::product(step, step) < length_u.square();
  const at::Tensor size = at::where(close, length_v, 1);
  const at::Tensor longer = radial::product(step, u + v) / at::where(close, length_u + length_v, 1);
  return at::where(close, step / size - a.direction * (longer / size), b.direction - a.direction);
}

Pair joined(End a, End b, const at::Tensor& difference, const at::Tensor& radial) {
  const at::Tensor h2 = difference.square().sum(-1, true) / 4;
  return {std::move(a), std::move(b), difference, h2, radial};
}

at::Tensor radius(const at::Tensor& u, const at::Tensor& s) {
  return (s * radial::length(u)).clamp_max(kMaxRadius);
}

End end_of_tangent(const at::Tensor& u, const at::Tensor& r) {
  return {radial::unit(u, radial::length(u)), r.sinh(), r.cosh()};
}

Pair pair_of_tangents(const at::Tensor& u, const at::Tensor& v, const at::Tensor& s) {
  const at::Tensor r1 = radius(u, s), r2 = radius(v, s);
  const End a = end_of_tangent(u, r1), b = end_of_tangent(v, r2);
  return joined(a, b, turn(u, v, a, b), (r1 - r2).sinh());
}

End end_of_hyperboloid(const at::Tensor& x, const at::Tensor& s) {
  const at::Tensor length = radial::length(x), sinh = s * length;
  return {radial::unit(x, length), sinh, (1 + sinh.square()).sqrt()};
}

// sinh(r1 - r2) from the coordinates: radii would carry the rounding of their logarithms.
Pair pair_of_hyperboloid(const at::Tensor& x, const at::Tensor& y, const at::Tensor& s) {
  const End a = end_of_hyperboloid(x, s), b = end_of_hyperboloid(y, s);
  const at::Tensor squares = s.square() * radial::product(x - y, x + y);
  const at::Tensor scale = a.sinh * b.cosh + b.sinh * a.cosh;
  return joined(a, b, turn(x, y, a, b), squares / at::where(scale > 0, scale, 1));
}

// Hyperbolic law of cosines in half-angle form: Q = sinh^2((r1 - r2)/2) + sinh r1 sinh r2 h^2.
at::Tensor half_sinh_squared(const Pair& p) {
  const at::Tensor half = p.radial.square() / (2 * (1 + (1 + p.radial.square()).sqrt()));
  return half + p.a.sinh * p.b.sinh * p.h2;
}

// Derivatives of Q by the radii, and the bends b - cos a, a - cos b that go with -1/2 sinh sinh by
// the angle: b - cos a = (b - a) + 2 h^2 a.
struct Slopes {
  at::Tensor by_a, by_b, to_b, to_a;
};
Slopes slopes(const Pair& p) {
  return {p.radial / 2 + p.a.cosh * p.b.sinh * p.h2, -p.radial / 2 + p.b.cosh * p.a.sinh * p.h2,
          p.difference + 2 * p.h2 * p.a.direction, 2 * p.h2 * p.b.direction - p.difference};
}

at::Tensor summed_to(const at::Tensor& gradient, const at::Tensor& like) {
  return gradient.sum_to_size(like.sizes());
}

// sinh(r)/r, 1 at the origin.
at::Tensor sinh_ratio(const at::Tensor& r) {
  return at::where(r > 0, r.sinh() / at::where(r > 0, r, 1), 1);
}

// The derivatives are written out: they hold at the origin, where polar coordinates have none.
struct OfTangents : torch::autograd::Function<OfTangents> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& u, const at::Tensor& v,
                            const at::Tensor& s) {
    context->save_for_backward({u, v, s});
    return half_sinh_squared(pair_of_tangents(u, v, s));
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &u = saved[0], &v = saved[1], &s = saved[2], &g = grads[0];
    const at::Tensor r1 = radius(u, s), r2 = radius(v, s);
    const Pair p = pair_of_tangents(u, v, s);
    const Slopes d = slopes(p);
    const at::Tensor by_u = d.by_a * p.a.direction - sinh_ratio(r1) * p.b.sinh / 2 * d.to_b;
    const at::Tensor by_v = d.by_b * p.b.direction - sinh_ratio(r2) * p.a.sinh / 2 * d.to_a;
    const at::Tensor turn = p.a.cosh * p.b.sinh * r1 + p.b.cosh * p.a.sinh * r2;
    const at::Tensor by_s = (p.radial * (r1 - r2) / 2 + turn * p.h2) / s;
    return {summed_to(g * s * by_u, u), summed_to(g * s * by_v, v), summed_to(g * by_s, s)};
  }
};

struct OfHyperboloid : torch::autograd::Function<OfHyperboloid> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& y,
                            const at::Tensor& s) {
    context->save_for_backward({x, y, s});
    return half_sinh_squared(pair_of_hyperboloid(x, y, s));
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &y = saved[1], &s = saved[2], &g = grads[0];
    const Pair p = pair_of_hyperboloid(x, y, s);
    const Slopes d = slopes(p);
    const at::Tensor by_x = d.by_a / p.a.cosh * p.a.direction - p.b.sinh / 2 * d.to_b;
    const at::Tensor by_y = d.by_b / p.b.cosh * p.b.direction - p.a.sinh / 2 * d.to_a;
    const at::Tensor by_s =
        (p.radial.square() / (2 * p.a.cosh * p.b.cosh) + 2 * p.a.sinh * p.b.sinh * p.h2) / s;
    return {summed_to(g * s * by_x, x), summed_to(g * s * by_y, y), summed_to(g * by_s, s)};
  }
};

// atan2(sinh r2 sin, sinh(r2 - r1) - 2 cosh r1 sinh r2 h^2) with sin = 2 h g, g = |a + b|/2; both
// arguments are divided by cosh r1, which keeps them in range.
at::Tensor exterior_angle(const Pair& p) {
  const at::Tensor away = radial::length(p.difference);                      // 2 h
  const at::Tensor towards = radial::length(p.a.direction + p.b.direction);  // 2 g
  const at::Tensor across = p.b.sinh * away * towards / 2 / p.a.cosh;
  const at::Tensor along = -p.radial / p.a.cosh - p.b.sinh * away.square() / 2;
  const at::Tensor defined = (p.a.sinh > 0).logical_and((across != 0).logical_or(along != 0));
  const at::Tensor angle = at::atan2(at::where(defined, across, 0), at::where(defined, along, 1));
  return at::where(defined, angle, 0);
}

}  // namespace ends

at::Tensor of_tangents(const at::Tensor& u, const at::Tensor& v, const at::Tensor& s) {
  return ends::OfTangents::apply(u, v, s);
}

at::Tensor of_hyperboloid(const at::Tensor& x, const at::Tensor& y, const at::Tensor& s) {
  return ends::OfHyperboloid::apply(x, y, s);
}

at::Tensor angle_of_tangents(const at::Tensor& u, const at::Tensor& v, const at::Tensor& s) {
  return ends::exterior_angle(ends::pair_of_tangents(u, v, s));
}

at::Tensor angle_of_hyperboloid(const at::Tensor& x, const at::Tensor& y, const at::Tensor& s) {
  return ends::exterior_angle(ends::pair_of_hyperboloid(x, y, s));
}

}  // namespace tractrix::geometry::polar
