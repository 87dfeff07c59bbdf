#include "tractrix/nn/transport.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace tractrix::nn {

namespace transport_detail {

constexpr int64_t kMostIterations = 1000;
constexpr double kUnbalancedStop = 1e-6, kBalancedStop = 1e-9;
constexpr int64_t kBalancedCheck = 10;  // iterations between two looks at the marginal

at::Tensor shift_rows(const at::Tensor& x) { return x - std::get<0>(x.min(1, true)); }

at::Tensor squared_distances(const at::Tensor& x, const at::Tensor& y) {
  return at::cdist(x, y).square();
}

bool finite(const at::Tensor& u, const at::Tensor& v) {
  return (u.sum() + v.sum()).isfinite().item<bool>();
}

bool breaks(const at::Tensor& received, const at::Tensor& u, const at::Tensor& v) {
  return (received == 0).any().item<bool>() || !finite(u, v);
}

double change(const at::Tensor& now, const at::Tensor& before) {
  const double scale =
      std::max({now.abs().max().item<double>(), before.abs().max().item<double>(), 1.0});
  return (now - before).abs().max().item<double>() / scale;
}

at::Tensor spread(const at::Tensor& u, const at::Tensor& kernel, const at::Tensor& v) {
  return u.unsqueeze(1) * kernel * v.unsqueeze(0);
}

// Masses as the rows' sums over their total; uniform where all are 0.
at::Tensor masses(const at::Tensor& shifted) {
  const at::Tensor sums = shifted.sum(1);
  if (sums.sum().item<double>() > 0) return sums / sums.sum();
  return at::full_like(sums, 1 / static_cast<double>(sums.size(0)));
}

at::Tensor uniform(int64_t n, const at::Tensor& like) {
  return at::full({n}, 1 / static_cast<double>(n), like.options());
}

// In units of the largest, double; a cost of 0 everywhere stays so.
at::Tensor in_units_of_largest(const at::Tensor& cost) {
  const at::Tensor wide = cost.to(at::kDouble);
  const double most = wide.max().item<double>();
  return most > 0 ? wide / most : wide;
}

}  // namespace transport_detail

at::Tensor transport_cost(const at::Tensor& x, const at::Tensor& y) {
  using namespace transport_detail;
  return squared_distances(shift_rows(x), shift_rows(y));
}

Transport solve_unbalanced(const at::Tensor& cost, const at::Tensor& a, const at::Tensor& b,
                           const TransportOptions& options) {
  using namespace transport_detail;
  const double power = options.tau / (options.tau + options.reg);
  at::Tensor kernel = at::exp(cost / -options.reg);  // [N, K]
  if (options.regulariser == Regulariser::kl) kernel = kernel * a.unsqueeze(1) * b.unsqueeze(0);
  at::Tensor u = at::ones_like(a), v = at::ones_like(b);
  Transport done;
  while (done.iterations < kMostIterations) {
    ++done.iterations;
    const at::Tensor u_before = u, v_before = v;
    u = (a / kernel.mv(v)).pow(power);
    const at::Tensor received = kernel.t().mv(u);  // [K]
    v = (b / received).pow(power);
    if (breaks(received, u, v)) {
      u = u_before;
      v = v_before;
      break;
    }
    if (0.5 * (change(u, u_before) + change(v, v_before)) < kUnbalancedStop) break;
  }
  done.plan = spread(u, kernel, v);
  return done;
}

Transport solve_balanced(const at::Tensor& cost, const at::Tensor& a, const at::Tensor& b,
                         const TransportOptions& options) {
  using namespace transport_detail;
  const at::Tensor kernel = at::exp(cost / -options.reg);  // [N, K]
  at::Tensor u = uniform(a.size(0), a), v = uniform(b.size(0), b);
  Transport done;
  while (done.iterations < kMostIterations) {
    const at::Tensor u_before = u, v_before = v;
    const at::Tensor received = kernel.t().mv(u);  // [K]
    v = b / received;
    u = a / kernel.mv(v);
    const bool look = done.iterations % kBalancedCheck == 0;
    ++done.iterations;
    if (breaks(received, u, v)) {
      u = u_before;
      v = v_before;
      break;
    }
    if (look && (kernel.t().mv(u) * v - b).norm().item<double>() < kBalancedStop) break;
  }
  done.plan = spread(u, kernel, v);
  return done;
}

Transport transport(const at::Tensor& x, const at::Tensor& y, const TransportOptions& options) {
  using namespace transport_detail;
  TORCH_CHECK(x.dim() == 2 && y.dim() == 2 && x.size(0) > 0 && y.size(0) > 0,
              "transport: needs rows [N, D] and [K, D], N and K from 1");
  const at::NoGradGuard no_grad;
  const auto at_least_float = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor from = shift_rows(x.to(at_least_float)), to = shift_rows(y.to(at_least_float));
  const at::Tensor cost = in_units_of_largest(squared_distances(from, to));  // [N, K]
  if (options.marginals == Marginals::balanced)
    return solve_balanced(cost, masses(from.to(at::kDouble)), masses(to.to(at::kDouble)), options);
  return solve_unbalanced(cost, uniform(from.size(0), cost), uniform(to.size(0), cost), options);
}

Transport transport_of_cost(const at::Tensor& cost, const TransportOptions& options) {
  using namespace transport_detail;
  TORCH_CHECK(cost.dim() == 2 && cost.numel() > 0, "transport: needs costs [N, K]");
  const at::NoGradGuard no_grad;
  const at::Tensor scaled = in_units_of_largest(cost);
  const at::Tensor a = uniform(cost.size(0), scaled), b = uniform(cost.size(1), scaled);
  return options.marginals == Marginals::balanced ? solve_balanced(scaled, a, b, options)
                                                  : solve_unbalanced(scaled, a, b, options);
}

}  // namespace tractrix::nn
