#include "tractrix/geometry/midpoint.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>
#include <vector>

#include "radial.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/models.hpp"

namespace tractrix::geometry {
namespace midpoint {

// [..., N, 1]
at::Tensor shares(const at::Tensor& x, const at::Tensor& weights) {
  const at::Tensor w = weights.defined() ? weights : at::ones({x.size(-2)}, x.options());
  return w.to(x.scalar_type()).unsqueeze(-1);
}

// x_t - x.e for a unit vector e (or the zero vector), [..., N, 1]: 1/(c (x_t + |x|)) + |x| |a -
// e|^2 / 2 with a = x/|x|, where the plain difference would cancel.
at::Tensor depth(const at::Tensor& x, const at::Tensor& e, const at::Tensor& c) {
  const at::Tensor length = radial::length(x), time = (1 / c + length.square()).sqrt();
  const at::Tensor near = c * length.square() < 0.25;
  const at::Tensor far_x = at::where(near, at::ones_like(x), x), far_length = radial::length(far_x);
  const at::Tensor apart = far_x / far_length - e;
  const at::Tensor far = 1 / (c * ((1 / c + far_length.square()).sqrt() + far_length)) +
                         far_length * radial::product(apart, apart) / 2;
  return at::where(near, time - radial::product(x, e), far);
}

// Mean of log_m(x), m [..., D].
at::Tensor pull(const at::Tensor& m, const at::Tensor& x, const at::Tensor& w,
                const at::Tensor& c) {
  return (w * lorentz::log(m.unsqueeze(-2).expand_as(x), x, c)).sum(-2) / w.sum(-2);
}

at::Tensor settle(const at::Tensor& x, const at::Tensor& w, const at::Tensor& c,
                  const KarcherOptions& options) {
  at::NoGradGuard no_grad;
  at::Tensor m = lorentz_centroid(x, w.squeeze(-1), c);
  double size = 0;
  for (int64_t i = 0; i < options.iterations; ++i) {
    const at::Tensor step = options.step * pull(m, x, w, c);
    size = (c.sqrt() * lorentz::length(m, step, c)).max().item<double>();
    m = lorentz::exp(m, step, c);
    if (size <= options.tolerance) return m;
  }
  throw Error("Karcher mean",
              "no fixed point after " + std::to_string(options.iterations) +
                  " steps: the last one had length " + std::to_string(size),
              "try a smaller step");
}

// d pull / d m at a fixed m, [..., D, D]: row i is the derivative of component i.
at::Tensor slope(const at::Tensor& m, const at::Tensor& x, const at::Tensor& w,
                 const at::Tensor& c) {
  at::AutoGradMode grad(true);
  const at::Tensor leaf = m.detach().clone().requires_grad_(true);
  const at::Tensor value = pull(leaf, x.detach(), w.detach(), c.detach());
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < m.size(-1); ++i) {
    at::Tensor probe = at::zeros_like(value);
    probe.select(-1, i).fill_(1);
    rows.push_back(torch::autograd::grad({value}, {leaf}, {probe}, true)[0]);
  }
  return at::stack(rows, -2);
}

}  // namespace midpoint

at::Tensor lorentz_centroid(const at::Tensor& x, const at::Tensor& weights, const at::Tensor& c) {
  const at::Tensor k = c.reshape({}).to(x.scalar_type()), w = midpoint::shares(x, weights);
  const at::Tensor sum = (w * x).sum(-2);                                        // [..., D]
  const at::Tensor time = (w * (1 / k + radial::product(x, x)).sqrt()).sum(-2);  // [..., 1]
  const at::Tensor length = radial::length(sum), e = radial::unit(sum, length);
  const at::Tensor inside = (w * midpoint::depth(x, e.unsqueeze(-2), k)).sum(-2);
  return sum / (k * inside * (time + length)).sqrt();
}

at::Tensor gyromidpoint(const at::Tensor& p, const at::Tensor& weights, const at::Tensor& c) {
  return lorentz_to_poincare(lorentz_centroid(poincare_to_lorentz(p, c), weights, c), c);
}

at::Tensor einstein_midpoint(const at::Tensor& k, const at::Tensor& weights, const at::Tensor& c) {
  return lorentz_to_klein(lorentz_centroid(klein_to_lorentz(k, c), weights, c), c);
}

at::Tensor lorentz_karcher_mean(const at::Tensor& x, const at::Tensor& weights, const at::Tensor& c,
                                const KarcherOptions& options) {
  const at::Tensor wide = x.to(at::kDouble), k = c.reshape({}).to(at::kDouble);
  const at::Tensor w = midpoint::shares(wide, weights);
  const at::Tensor m = midpoint::settle(wide.detach(), w.detach(), k.detach(), options);
  const at::Tensor slope = midpoint::slope(m, wide, w, k);
  const at::Tensor pull = midpoint::pull(m, wide, w, k);
  const at::Tensor step = at::linalg_solve(slope, pull.unsqueeze(-1)).squeeze(-1);
  return (m - step).to(x.scalar_type());
}

at::Tensor poincare_karcher_mean(const at::Tensor& p, const at::Tensor& weights,
                                 const at::Tensor& c, const KarcherOptions& options) {
  return lorentz_to_poincare(lorentz_karcher_mean(poincare_to_lorentz(p, c), weights, c, options),
                             c);
}

}  // namespace tractrix::geometry
