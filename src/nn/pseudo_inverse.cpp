#include "tractrix/nn/pseudo_inverse.hpp"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

namespace tractrix::nn {
namespace pseudo_inverse {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The iterations lose too many digits in half precision: autocast does not reach into them.
struct FullPrecision {
  c10::impl::ExcludeDispatchKeyGuard guard{c10::autocast_dispatch_keyset};
};

at::Tensor turned(const at::Tensor& x) { return x.transpose(-1, -2); }
at::Tensor symmetric(const at::Tensor& x) { return (x + turned(x)) / 2; }

// Y0 = x x^T / s; Y <- (13 Y - 15 S + S T) / 4 with S = Y Y, T = 7 Y - S, and
// V <- (13 V - 15 U + S Q) / 4 with U = Y V, Q = 7 V - U. At the end z v = x^T V / s.
struct Chain {
  std::vector<at::Tensor> y, s, v;  // per iteration; s lacks the last, v has one more
};

Chain run(const at::Tensor& x, const at::Tensor& start, const at::Tensor& scale,
          int64_t iterations) {
  Chain chain;
  at::Tensor y = x.matmul(turned(x)) / scale, v = start;
  for (int64_t k = 0; k < iterations; ++k) {
    const at::Tensor u = y.matmul(v), q = 7 * v - u;
    chain.y.push_back(y);
    chain.v.push_back(v);
    if (k + 1 == iterations) {
      v = (13 * v - 15 * u + y.matmul(y.matmul(q))) / 4;
      break;
    }
    const at::Tensor s = y.matmul(y);
    chain.s.push_back(s);
    v = (13 * v - 15 * u + s.matmul(q)) / 4;
    y = (13 * y - 15 * s + s.matmul(7 * y - s)) / 4;
  }
  chain.v.push_back(v);
  return chain;
}

struct Gradients {
  at::Tensor y, v;
};

// One iteration backwards. after: gradients of what it made; after.y is undefined for the last.
Gradients back(const at::Tensor& y, const at::Tensor& s, const at::Tensor& v,
               const Gradients& after) {
  const at::Tensor u = y.matmul(v), q = 7 * v - u, g = after.v / 4;
  const at::Tensor dq = s.defined() ? s.matmul(g) : y.matmul(y.matmul(g));
  const at::Tensor du = -15 * g - dq;
  at::Tensor ds = g.matmul(turned(q)), dy = du.matmul(turned(v));
  if (after.y.defined()) {
    const at::Tensor h = after.y / 4, sh = s.matmul(h);
    ds = ds + 7 * h.matmul(y) - 15 * h - 2 * sh;
    dy = dy + 13 * h + 7 * sh;
  }
  return {symmetric(dy + 2 * symmetric(ds).matmul(y)), 13 * g + 7 * dq + y.matmul(du)};
}

struct Times : torch::autograd::Function<Times> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& v,
                            const at::Tensor& scale, int64_t iterations) {
    const FullPrecision full;
    Chain chain = run(x, v, scale, iterations);
    at::Tensor w = turned(x).matmul(chain.v.back()) / scale;
    variable_list kept{x, scale, w};
    for (auto* all : {&chain.y, &chain.s, &chain.v})
      kept.insert(kept.end(), all->begin(), all->end());
    context->save_for_backward(std::move(kept));
    context->saved_data["iterations"] = iterations;
    return w;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const FullPrecision full;
    const auto n = static_cast<size_t>(context->saved_data["iterations"].toInt());
    const auto kept = context->get_saved_variables();
    const at::Tensor &x = kept[0], &scale = kept[1], &w = kept[2], &dw = grads[0];
    const at::Tensor *y = &kept[3], *s = y + n, *v = s + n - 1;
    Gradients d{{}, x.matmul(dw) / scale};
    for (size_t k = n; k-- > 0;) d = back(y[k], k + 1 < n ? s[k] : at::Tensor(), v[k], d);
    const at::Tensor dx = (v[n].matmul(turned(dw)) + 2 * d.y.matmul(x)) / scale;
    const at::Tensor dscale = -((dw * w).sum() + (d.y * y[0]).sum()) / scale;
    return {dx, d.v, dscale, {}};
  }
};

}  // namespace pseudo_inverse

at::Tensor pinv_scale(const at::Tensor& x) {
  const at::Tensor size = x.abs();
  return size.sum(-1).max() * size.sum(-2).max();
}

at::Tensor iterative_pinv(const at::Tensor& x, int64_t iterations) {
  at::Tensor z = x.transpose(-1, -2) / pinv_scale(x);
  const at::Tensor identity = at::eye(x.size(-1), x.options());
  for (int64_t i = 0; i < iterations; ++i) {
    const at::Tensor xz = x.matmul(z);
    z = 0.25 * z.matmul(13 * identity - xz.matmul(15 * identity - xz.matmul(7 * identity - xz)));
  }
  return z;
}

at::Tensor pinv_times(const at::Tensor& x, const at::Tensor& v, const at::Tensor& scale,
                      int64_t iterations) {
  TORCH_CHECK(iterations > 0 && x.size(-1) == x.size(-2) && v.size(-2) == x.size(-1),
              "pinv_times: expected x [..., m, m], v [..., m, e] and at least one iteration");
  const auto type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return pseudo_inverse::Times::apply(x.to(type), v.to(type), scale.to(type), iterations);
}

}  // namespace tractrix::nn
