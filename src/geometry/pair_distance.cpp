#include "tractrix/geometry/pair_distance.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/geometry/pair_element.hpp"

namespace tractrix::geometry {
namespace pair {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kBlock = 1024;  // columns at a time
// Below this 1 - cos the matrix product has lost digits: the directions are subtracted instead.
constexpr double kClose = 0.1;

struct Points {
  at::Tensor unit;  // [N, D]
  std::vector<PolarPoint> polar;
};

Points points(const at::Tensor& u, double s) {
  const at::Tensor wide = u.to(at::kDouble);
  const at::Tensor norm = wide.norm(2, {1});  // [N]
  Points out{(wide / norm.clamp_min(1e-300).unsqueeze(1)).to(u.scalar_type()).contiguous(), {}};
  const at::Tensor radius = (norm * s).contiguous();
  const double* r = radius.const_data_ptr<double>();
  for (int64_t i = 0; i < radius.numel(); ++i) out.polar.push_back(polar_point(r[i]));
  return out;
}

// h = |a - b|/2 given the product a.b.
template <typename T>
double half_chord(const T* a, const T* b, int64_t n, double cosine) {
  if (1 - cosine >= kClose) return std::sqrt(std::min(1.0, (1 - cosine) / 2));
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) {
    const double difference = static_cast<double>(a[k]) - b[k];
    sum += difference * difference;
  }
  return std::sqrt(sum) / 2;
}

template <typename T>
void forward_block(const Points& a, const Points& b, int64_t first, const at::Tensor& cosine,
                   double s, at::Tensor& out) {
  const int64_t n = a.unit.size(1), columns = cosine.size(1), all = out.size(1);
  const T *x = a.unit.const_data_ptr<T>(), *y = b.unit.const_data_ptr<T>();
  const T* dot = cosine.const_data_ptr<T>();
  T* d = out.mutable_data_ptr<T>();
  at::parallel_for(0, a.unit.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        const double h = half_chord(x + i * n, y + (first + j) * n, n, dot[i * columns + j]);
        const double scaled = pair_distance_element(a.polar[i], b.polar[first + j], h);
        d[i * all + first + j] = static_cast<T>(scaled / s);
      }
  });
}

// What the backward pass sums up, in float64.
struct Sums {
  at::Tensor u, v;  // [B, D], [M, D]
  double s = 0;     // by sqrt(c)
};

// One pair: radial parts along a and b; the bend goes through the matrix products of `weights`
// unless the directions are close, where the difference is added here.
template <typename T>
void backward_pair(const Points& a, const Points& b, int64_t i, int64_t j, double cosine, double g,
                   double s, Sums& sums, double* weight_u, double* weight_v) {
  const int64_t n = a.unit.size(1);
  const T *x = a.unit.const_data_ptr<T>() + i * n, *y = b.unit.const_data_ptr<T>() + j * n;
  const PolarPoint &p = a.polar[i], &q = b.polar[j];
  const double h = half_chord(x, y, n, cosine);
  const PairElement e = pair_element(p, q, h);
  sums.s += g * (e.by_r1 * p.r + e.by_r2 * q.r - e.d) / (s * s);
  const bool close = 1 - cosine < kClose;
  const double across = close ? 2 * h * h : -cosine;
  const double along_u = g * (e.by_r1 + e.by_u * across);
  const double along_v = g * (e.by_r2 + e.by_v * across);
  *weight_u = close ? 0 : g * e.by_u;
  *weight_v = close ? 0 : g * e.by_v;
  double* du = sums.u.mutable_data_ptr<double>() + i * n;
  double* dv = sums.v.mutable_data_ptr<double>() + j * n;
  for (int64_t k = 0; k < n; ++k) {
    const double difference = close ? g * (static_cast<double>(y[k]) - x[k]) : 0;
    du[k] += along_u * x[k] + e.by_u * difference;
    dv[k] += along_v * y[k] - e.by_v * difference;
  }
}

template <typename T>
void backward_block(const Points& a, const Points& b, int64_t first, const at::Tensor& cosine,
                    const at::Tensor& grad, double s, Sums& sums) {
  const int64_t rows = cosine.size(0), columns = cosine.size(1);
  at::Tensor weights_u = at::empty({rows, columns}, at::kDouble);
  at::Tensor weights_v = at::empty_like(weights_u);
  const T *dot = cosine.const_data_ptr<T>(), *g = grad.const_data_ptr<T>();
  double *wu = weights_u.mutable_data_ptr<double>(), *wv = weights_v.mutable_data_ptr<double>();
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      const int64_t at = i * columns + j;
      backward_pair<T>(a, b, i, first + j, dot[at], g[at], s, sums, wu + at, wv + at);
    }
  const auto type = a.unit.scalar_type();
  const at::Tensor unit_b = b.unit.narrow(0, first, columns);
  sums.u.add_(at::mm(weights_u.to(type), unit_b));
  sums.v.narrow(0, first, columns).add_(at::mm(weights_v.to(type).t(), a.unit));
}

struct Distance : torch::autograd::Function<Distance> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& u, const at::Tensor& v,
                            const at::Tensor& c) {
    context->save_for_backward({u, v, c});
    const double s = std::sqrt(c.item<double>());
    const Points a = points(u, s), b = points(v, s);
    at::Tensor out = at::empty({u.size(0), v.size(0)}, u.options());
    for (int64_t first = 0; first < v.size(0); first += kBlock) {
      const int64_t columns = std::min(kBlock, v.size(0) - first);
      const at::Tensor cosine = at::mm(a.unit, b.unit.narrow(0, first, columns).t()).contiguous();
      if (u.scalar_type() == at::kDouble)
        forward_block<double>(a, b, first, cosine, s, out);
      else
        forward_block<float>(a, b, first, cosine, s, out);
    }
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &u = saved[0], &v = saved[1], &c = saved[2];
    const double s = std::sqrt(c.item<double>());
    const Points a = points(u, s), b = points(v, s);
    Sums sums{at::zeros(u.sizes(), at::kDouble), at::zeros(v.sizes(), at::kDouble)};
    for (int64_t first = 0; first < v.size(0); first += kBlock) {
      const int64_t columns = std::min(kBlock, v.size(0) - first);
      const at::Tensor cosine = at::mm(a.unit, b.unit.narrow(0, first, columns).t()).contiguous();
      const at::Tensor grad = grads[0].narrow(1, first, columns).contiguous();
      if (u.scalar_type() == at::kDouble)
        backward_block<double>(a, b, first, cosine, grad, s, sums);
      else
        backward_block<float>(a, b, first, cosine, grad, s, sums);
    }
    const at::Tensor by_c = at::full(c.sizes(), sums.s / (2 * s), c.options());
    return {sums.u.to(u.scalar_type()), sums.v.to(v.scalar_type()), by_c};
  }
};

// Masked square root: value and gradient 0 at 0.
at::Tensor safe_sqrt(const at::Tensor& x) {
  const at::Tensor positive = x > 0;
  return at::where(positive, at::sqrt(at::where(positive, x, 1)), 0);
}

at::Tensor composed(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c) {
  const at::Tensor s = c.reshape({}).sqrt();
  const at::Tensor nu = safe_sqrt(u.square().sum(1, true)), nv = safe_sqrt(v.square().sum(1, true));
  const at::Tensor a = u / at::where(nu > 0, nu, 1), b = v / at::where(nv > 0, nv, 1);
  const at::Tensor h2 = (1 - at::mm(a, b.t())).clamp_min(0) / 2;  // [B, M]
  const at::Tensor r1 = s * nu, r2 = (s * nv).t();
  const at::Tensor q = ((r1 - r2) / 2).sinh().square() + r1.sinh() * r2.sinh() * h2;
  return 2 / s * at::asinh(safe_sqrt(q));
}

void check(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c) {
  if (u.dim() != 2 || v.dim() != 2 || u.size(1) != v.size(1) || c.numel() != 1)
    throw Error("pair_distance", "expected u [B, D], v [M, D] and one curvature", "");
  const bool known = u.scalar_type() == at::kFloat || u.scalar_type() == at::kDouble;
  if (!known || v.scalar_type() != u.scalar_type() || c.scalar_type() != u.scalar_type())
    throw Error("pair_distance", "expected u, v and c all float32 or all float64", "");
  if (v.device() != u.device() || c.device() != u.device())
    throw Error("pair_distance", "expected u, v and c on one device", "");
  if (!(c.item<double>() > 0)) throw Error("pair_distance", "expected a curvature above 0", "");
}

}  // namespace pair

at::Tensor pair_distance(const at::Tensor& u, const at::Tensor& v, const at::Tensor& c,
                         PairForm form) {
  pair::check(u, v, c);
  if (form == PairForm::composed || !u.device().is_cpu()) return pair::composed(u, v, c);
  return pair::Distance::apply(u, v, c);
}

}  // namespace tractrix::geometry
