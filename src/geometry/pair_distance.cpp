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

constexpr int64_t kBlock = 1024;  // rows and columns at a time
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

// Rows [row, row + rows) of `a` against rows [column, column + columns) of `b`.
struct Tile {
  int64_t row, rows, column, columns;
};

// Per pair of a tile, [rows, columns] in float64. A derivative by u_i is along_u a_i plus, for
// directions that are not close, far_u b_j (a matrix product), for close ones close_u (b_j - a_i).
struct Factors {
  at::Tensor along_u, along_v, far_u, far_v, close_u, close_v, by_s;
  explicit Factors(const Tile& t) {
    for (at::Tensor* x : {&along_u, &along_v, &far_u, &far_v, &close_u, &close_v, &by_s})
      *x = at::zeros({t.rows, t.columns}, at::kDouble);
  }
};

template <typename T>
void factors_of_row(const Points& a, const Points& b, const Tile& tile, int64_t i, const T* dot,
                    const T* grad, double s, const Factors& f) {
  const int64_t n = a.unit.size(1), first = i * tile.columns;
  const T* x = a.unit.const_data_ptr<T>() + (tile.row + i) * n;
  const T* y = b.unit.const_data_ptr<T>() + tile.column * n;
  const PolarPoint& p = a.polar[tile.row + i];
  const auto at_row = [&](const at::Tensor& t) { return t.mutable_data_ptr<double>() + first; };
  double *along_u = at_row(f.along_u), *along_v = at_row(f.along_v), *by_s = at_row(f.by_s);
  double *far_u = at_row(f.far_u), *far_v = at_row(f.far_v);
  double *close_u = at_row(f.close_u), *close_v = at_row(f.close_v);
  for (int64_t j = 0; j < tile.columns; ++j) {
    const double cosine = dot[first + j], g = grad[first + j];
    const PolarPoint& q = b.polar[tile.column + j];
    const double h = half_chord(x, y + j * n, n, cosine);
    const PairElement e = pair_element(p, q, h);
    const bool close = 1 - cosine < kClose;
    const double across = close ? 2 * h * h : -cosine;
    along_u[j] = g * (e.by_r1 + e.by_u * across);
    along_v[j] = g * (e.by_r2 + e.by_v * across);
    (close ? close_u : far_u)[j] = g * e.by_u;
    (close ? close_v : far_v)[j] = g * e.by_v;
    by_s[j] = g * (e.by_r1 * p.r + e.by_r2 * q.r - e.d) / (s * s);
  }
}

// sum_j weight(i, j) (y_j - x_i) into row i of `out`, over the pairs with a weight: few of them.
template <typename T>
void add_differences(const at::Tensor& weight, const T* x, const T* y, int64_t n, double* out) {
  const int64_t rows = weight.size(0), columns = weight.size(1);
  const int64_t stride_i = weight.stride(0), stride_j = weight.stride(1);
  const double* w = weight.const_data_ptr<double>();
  at::parallel_for(0, rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        const double factor = w[i * stride_i + j * stride_j];
        if (factor == 0) continue;
        for (int64_t k = 0; k < n; ++k)
          out[i * n + k] += factor * (static_cast<double>(y[j * n + k]) - x[i * n + k]);
      }
  });
}

// Each row of each result is summed by one thread in one order: the same bits for any number of
// threads but for the matrix products.
template <typename T>
void backward_tile(const Points& a, const Points& b, const Tile& tile, const at::Tensor& grad,
                   double s, Sums& sums) {
  const int64_t n = a.unit.size(1);
  const at::Tensor unit_a = a.unit.narrow(0, tile.row, tile.rows);
  const at::Tensor unit_b = b.unit.narrow(0, tile.column, tile.columns);
  const at::Tensor cosine = at::mm(unit_a, unit_b.t()).contiguous();
  const Factors f(tile);
  const T *dot = cosine.const_data_ptr<T>(), *g = grad.const_data_ptr<T>();
  at::parallel_for(0, tile.rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) factors_of_row<T>(a, b, tile, i, dot, g, s, f);
  });
  const auto type = a.unit.scalar_type();
  at::Tensor du = sums.u.narrow(0, tile.row, tile.rows);
  at::Tensor dv = sums.v.narrow(0, tile.column, tile.columns);
  du.add_(f.along_u.sum(1, true) * unit_a).add_(at::mm(f.far_u.to(type), unit_b));
  dv.add_(f.along_v.sum(0).unsqueeze(1) * unit_b).add_(at::mm(f.far_v.to(type).t(), unit_a));
  const T *x = unit_a.const_data_ptr<T>(), *y = unit_b.const_data_ptr<T>();
  add_differences<T>(f.close_u, x, y, n, du.mutable_data_ptr<double>());
  add_differences<T>(f.close_v.t(), y, x, n, dv.mutable_data_ptr<double>());
  sums.s += f.by_s.sum().item<double>();
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
    const bool wide = u.scalar_type() == at::kDouble;
    for (int64_t row = 0; row < u.size(0); row += kBlock)
      for (int64_t column = 0; column < v.size(0); column += kBlock) {
        const Tile tile{row, std::min(kBlock, u.size(0) - row), column,
                        std::min(kBlock, v.size(0) - column)};
        const at::Tensor grad =
            grads[0].narrow(0, row, tile.rows).narrow(1, column, tile.columns).contiguous();
        (wide ? backward_tile<double> : backward_tile<float>)(a, b, tile, grad, s, sums);
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
