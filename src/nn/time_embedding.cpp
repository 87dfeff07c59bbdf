#include "tractrix/nn/time_embedding.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace tractrix::nn {

at::Tensor sinusoid(const at::Tensor& t, const SinusoidOptions& options) {
  const int64_t half = options.dim / 2;
  const at::Tensor place = at::arange(half, t.options());
  const double slope = -std::log(options.period) / (static_cast<double>(half) - options.shift);
  const at::Tensor angle = options.scale * t.unsqueeze(1) * (slope * place).exp();  // [B, half]
  const at::Tensor sin = angle.sin(), cos = angle.cos();
  const at::Tensor both = options.cosine_first ? at::cat({cos, sin}, 1) : at::cat({sin, cos}, 1);
  return options.dim % 2 ? at::constant_pad_nd(both, {0, 1}) : both;
}

TimeEmbeddingImpl::TimeEmbeddingImpl(const TimeEmbeddingOptions& options) : dim_(options.dim) {
  first_ = register_module("0", torch::nn::Linear(options.dim, options.hidden));
  second_ = register_module("2", torch::nn::Linear(options.hidden, options.out));
}

at::Tensor TimeEmbeddingImpl::forward(const at::Tensor& t) {
  const at::Tensor waves = sinusoid(t.to(first_->weight.scalar_type()), {.dim = dim_});
  return second_->forward(at::silu(first_->forward(waves)));
}

}  // namespace tractrix::nn
