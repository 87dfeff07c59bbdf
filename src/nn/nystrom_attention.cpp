#include "tractrix/nn/nystrom_attention.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tractrix::nn {
namespace {

constexpr double kMaskEps = 1e-8;

// The mean of consecutive rows; with a mask [B, 1, N] that of the valid ones.
at::Tensor landmarks_of(const at::Tensor& rows, int64_t landmarks, const at::Tensor& mask) {
  const int64_t each = rows.size(2) / landmarks;
  const at::Tensor sum = rows.unflatten(2, {landmarks, each}).sum(3);  // [B, heads, m, e]
  if (!mask.defined()) return sum / static_cast<double>(each);
  // The reference adds its 1e-8 to an integer count, which gives single precision: exactly the
  // count, or 1e-8 for none.
  const at::Tensor valid = mask.unflatten(2, {landmarks, each}).sum(3).to(at::kFloat) + kMaskEps;
  return sum / valid.to(rows.scalar_type()).unsqueeze(3);
}

// Softmax over the last dimension; pairs with an invalid row or column get the lowest finite score.
at::Tensor masked_softmax(const at::Tensor& scores, const at::Tensor& rows,
                          const at::Tensor& columns) {
  if (!rows.defined()) return scores.softmax(3);
  const at::Tensor invalid = (rows.unsqueeze(3) * columns.unsqueeze(2)).logical_not();
  const double lowest = scores.scalar_type() == at::kDouble ? std::numeric_limits<double>::lowest()
                                                            : std::numeric_limits<float>::lowest();
  return scores.masked_fill(invalid, lowest).softmax(3);
}

}  // namespace

at::Tensor iterative_pinv(const at::Tensor& x, int64_t iterations) {
  const at::Tensor size = x.abs();
  at::Tensor z = x.transpose(-1, -2) / (size.sum(-1).max() * size.sum(-2).max());
  const at::Tensor identity = at::eye(x.size(-1), x.options());
  for (int64_t i = 0; i < iterations; ++i) {
    const at::Tensor xz = x.matmul(z);
    z = 0.25 * z.matmul(13 * identity - xz.matmul(15 * identity - xz.matmul(7 * identity - xz)));
  }
  return z;
}

struct NystromAttentionImpl::Heads {
  at::Tensor q, k, v;  // [B, heads, N, e]
};

NystromAttentionImpl::NystromAttentionImpl(const NystromAttentionOptions& options)
    : options_(options) {
  TORCH_CHECK(options.landmarks > 0, "NystromAttention: landmarks must be at least 1");
  const int64_t inner = options.heads * options.dim_head;
  to_qkv_ = register_module(
      "to_qkv", torch::nn::Linear(torch::nn::LinearOptions(options.dim, 3 * inner).bias(false)));
  to_out_ = torch::nn::Linear(inner, options.dim);
  register_module("to_out", torch::nn::ModuleList(to_out_));
  if (!options.residual) return;
  const DepthwiseConvOptions conv{options.heads, options.residual_kernel, 1, false};
  res_conv_ = register_module("res_conv", DepthwiseConv(conv));
}

NystromAttentionImpl::Heads NystromAttentionImpl::project(const at::Tensor& padded,
                                                          const at::Tensor& mask) {
  std::vector<at::Tensor> parts;
  for (const at::Tensor& part : to_qkv_->forward(padded).chunk(3, 2)) {
    const at::Tensor heads =
        part.unflatten(2, {options_.heads, options_.dim_head}).transpose(1, 2);  // [B, heads, N, e]
    parts.push_back(mask.defined() ? heads * mask.unsqueeze(3) : heads);
  }
  return {parts[0] / std::sqrt(static_cast<double>(options_.dim_head)), parts[1], parts[2]};
}

NystromOutput NystromAttentionImpl::forward_with_factors(const at::Tensor& x, at::Tensor mask) {
  TORCH_CHECK(x.dim() == 3 && x.size(1) > 0, "NystromAttention: x must be [B, n, D] with n >= 1");
  const int64_t n = x.size(1), m = options_.landmarks;
  const int64_t missing = (m - n % m) % m;
  const at::Tensor padded =
      missing ? at::constant_pad_nd(x, {0, 0, missing, 0}) : x;  // [B, N, dim]
  at::Tensor valid;  // landmarks with a valid row, [B, 1, m]
  if (mask.defined()) {
    mask = at::constant_pad_nd(mask.to(at::kBool), {missing, 0}).unsqueeze(1);  // [B, 1, N]
    valid = mask.unflatten(2, {m, mask.size(2) / m}).any(3);
  }

  const auto [q, k, v] = project(padded, mask);
  const at::Tensor q_mark = landmarks_of(q, m, mask), k_mark = landmarks_of(k, m, mask);
  const at::Tensor k_mark_t = k_mark.transpose(2, 3);
  const at::Tensor attn1 = masked_softmax(q.matmul(k_mark_t), mask, valid);  // [B, heads, N, m]
  const at::Tensor attn2_inv = iterative_pinv(masked_softmax(q_mark.matmul(k_mark_t), valid, valid),
                                              options_.pinv_iterations);
  const at::Tensor attn3 =
      masked_softmax(q_mark.matmul(k.transpose(2, 3)), valid, mask);  // [B, heads, m, N]

  const at::Tensor gathered = attn3.matmul(v);  // [B, heads, m, e]
  const at::Tensor mixed = options_.form == Form::exact ? attn1.matmul(attn2_inv.matmul(gathered))
                                                        : attn1.matmul(attn2_inv).matmul(gathered);
  const at::Tensor y = finish(mixed, v);  // [B, N, dim]
  return {y.narrow(1, options_.slice == Slice::tail ? missing : 0, n), attn1, attn2_inv, attn3};
}

// y, v [B, heads, N, e] -> [B, N, dim]
at::Tensor NystromAttentionImpl::finish(at::Tensor y, const at::Tensor& v) {
  if (res_conv_) y = y + res_conv_->forward(v);
  return leave(y);
}

// [B, heads, n, e] -> [B, n, dim]
at::Tensor NystromAttentionImpl::leave(at::Tensor y) {
  y = to_out_->forward(y.transpose(1, 2).flatten(2));
  return at::dropout(y, options_.dropout, is_training());
}

at::Tensor NystromAttentionImpl::mix_fully(const at::Tensor& x) {
  const auto [q, k, v] = project(x, {});
  return finish(q.matmul(k.transpose(2, 3)).softmax(3).matmul(v), v);
}

// The class token of a layer whose other rows nobody reads. The landmarks of q are the projection
// of the landmarks of x; the convolution needs the rows of v around row 0 only.
at::Tensor NystromAttentionImpl::forward_first(const at::Tensor& x) {
  TORCH_CHECK(options_.slice == Slice::tail && !options_.full && x.dim() == 3 && x.size(1) > 0,
              "NystromAttention: the first row alone needs slice tail and x [B, n, D]");
  const int64_t m = options_.landmarks, missing = (m - x.size(1) % m) % m;
  const at::Tensor padded = missing ? at::constant_pad_nd(x, {0, 0, missing, 0}) : x;
  const int64_t inner = options_.heads * options_.dim_head, rows = padded.size(1);
  const auto split = [this](const at::Tensor& y) {
    return y.unflatten(2, {options_.heads, options_.dim_head}).transpose(1, 2);
  };
  const at::Tensor weight = to_qkv_->weight;
  const auto kv = at::linear(padded, weight.narrow(0, inner, 2 * inner)).chunk(2, 2);
  const at::Tensor k = split(kv[0]), v = split(kv[1]);  // [B, heads, N, e]
  const at::Tensor marks = padded.unflatten(1, {m, rows / m}).mean(2);
  const at::Tensor asked = at::cat({padded.narrow(1, missing, 1), marks}, 1);  // [B, 1 + m, dim]
  const at::Tensor q = split(at::linear(asked, weight.narrow(0, 0, inner))) /
                       std::sqrt(static_cast<double>(options_.dim_head));
  const at::Tensor k_mark = landmarks_of(k, m, {});
  const at::Tensor near = q.matmul(k_mark.transpose(2, 3)).softmax(3);  // [B, heads, 1 + m, m]
  const at::Tensor inverse = iterative_pinv(near.narrow(2, 1, m), options_.pinv_iterations);
  const at::Tensor far = q.narrow(2, 1, m).matmul(k.transpose(2, 3)).softmax(3);
  at::Tensor y = near.narrow(2, 0, 1).matmul(inverse.matmul(far.matmul(v)));  // [B, heads, 1, e]
  if (res_conv_) {
    const int64_t reach = options_.residual_kernel / 2;
    const int64_t from = std::max<int64_t>(0, missing - reach);
    const int64_t to = std::min(rows, missing + reach + 1);
    y = y + res_conv_->forward(v.narrow(2, from, to - from)).narrow(2, missing - from, 1);
  }
  return leave(y);
}

at::Tensor NystromAttentionImpl::forward(const at::Tensor& x, const at::Tensor& mask) {
  if (options_.full) {
    TORCH_CHECK(!mask.defined(), "NystromAttention: full attention takes no mask");
    return mix_fully(x);
  }
  return forward_with_factors(x, mask).output;
}

}  // namespace tractrix::nn
