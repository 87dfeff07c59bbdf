#include "tractrix/nn/nystrom_attention.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tractrix/nn/few_attention.hpp"

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

struct NystromAttentionImpl::Heads {
  at::Tensor q, k, v;  // [B, heads, N, e]
};

struct NystromAttentionImpl::Padded {
  at::Tensor x;      // [B, N, dim]
  at::Tensor mask;   // [B, 1, N], undefined without a mask
  at::Tensor valid;  // landmarks with a valid row, [B, 1, m]
  int64_t missing;   // rows in front
};

struct NystromAttentionImpl::Factors {
  at::Tensor attn1, attn2, attn3;  // [B, heads, N, m], [B, heads, m, m], [B, heads, m, N]
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

// Zeros in front up to a multiple of the landmarks.
NystromAttentionImpl::Padded NystromAttentionImpl::pad(const at::Tensor& x,
                                                       const at::Tensor& mask) const {
  TORCH_CHECK(x.dim() == 3 && x.size(1) > 0, "NystromAttention: x must be [B, n, D] with n >= 1");
  const int64_t n = x.size(1), m = options_.landmarks;
  const int64_t missing = (m - n % m) % m;
  Padded out{missing ? at::constant_pad_nd(x, {0, 0, missing, 0}) : x, {}, {}, missing};
  if (mask.defined()) {
    out.mask = at::constant_pad_nd(mask.to(at::kBool), {missing, 0}).unsqueeze(1);
    out.valid = out.mask.unflatten(2, {m, out.mask.size(2) / m}).any(3);
  }
  return out;
}

NystromAttentionImpl::Factors NystromAttentionImpl::factors(const Heads& heads,
                                                            const Padded& padded) const {
  const auto& [q, k, v] = heads;
  const int64_t m = options_.landmarks;
  const at::Tensor q_mark = landmarks_of(q, m, padded.mask),
                   k_mark = landmarks_of(k, m, padded.mask).transpose(2, 3);
  return {masked_softmax(q.matmul(k_mark), padded.mask, padded.valid),
          masked_softmax(q_mark.matmul(k_mark), padded.valid, padded.valid),
          masked_softmax(q_mark.matmul(k.transpose(2, 3)), padded.valid, padded.mask)};
}

NystromOutput NystromAttentionImpl::forward_with_factors(const at::Tensor& x,
                                                         const at::Tensor& mask) {
  const Padded padded = pad(x, mask);
  const Heads heads = project(padded.x, padded.mask);
  const auto [attn1, attn2, attn3] = factors(heads, padded);
  const at::Tensor inverse = iterative_pinv(attn2, options_.pinv_iterations);
  const at::Tensor y =
      finish(attn1.matmul(inverse).matmul(attn3.matmul(heads.v)), heads.v);  // [B, N, dim]
  const int64_t first = options_.slice == Slice::tail ? padded.missing : 0;
  return {y.narrow(1, first, x.size(1)), attn1, inverse, attn3};
}

// [B, heads, n, e] -> [B, heads, landmarks, e]: means over consecutive rows, behind one zero row
// for all landmarks that hold padded rows only.
at::Tensor NystromAttentionImpl::marks(const at::Tensor& rows, const Layout& layout) const {
  const int64_t each = layout.each, lead = layout.rest ? each - layout.rest : 0;
  std::vector<at::Tensor> parts;
  if (layout.alike) parts.push_back(at::zeros_like(rows.narrow(2, 0, 1)));
  if (lead) parts.push_back(rows.narrow(2, 0, lead).sum(2, true) / static_cast<double>(each));
  if (const int64_t rest = rows.size(2) - lead; rest && each == 1) {
    parts.push_back(rows);
  } else if (rest) {
    parts.push_back(rows.narrow(2, lead, rest).unflatten(2, {rest / each, each}).sum(3) /
                    static_cast<double>(each));
  }
  return at::cat(parts, 2);
}

NystromAttentionImpl::Layout NystromAttentionImpl::layout(int64_t n) const {
  const int64_t m = options_.landmarks, each = (n + m - 1) / m, missing = each * m - n;
  return {each, missing, missing / each, missing % each};
}

// Rows q (the first ones, or all) of the attention over k, v [B, heads, n, e], without a row of
// padding: the padded rows and the landmarks made of them alone are zero, hence all alike. The
// m x m matrices are constant on such landmarks, so one row and column with a weight stands for
// all: sums over columns become weighted sums, and scaling by the roots of the weights turns
// weighted products into plain ones. Never multiplies an n x m matrix by an m x m one.
at::Tensor NystromAttentionImpl::mix(const at::Tensor& q, const at::Tensor& q_marks,
                                     const at::Tensor& k, const at::Tensor& v) const {
  const Layout at = layout(k.size(2));
  const int64_t front = at.alike ? 1 : 0;
  const at::Tensor k_marks = marks(k, at), scores = q_marks.matmul(k_marks.transpose(2, 3));
  at::Tensor weight = at::ones({scores.size(3)}, scores.options());
  if (front) weight[0] = at.alike;
  const at::Tensor between = (scores + weight.log()).softmax(3);  // columns summed over the alike
  const bool few = at.each == 1;  // the landmarks are the rows themselves, behind the zero row
  const at::Tensor gathered =
      few ? between.narrow(3, front, k.size(2)).matmul(v) : attend_many(q_marks, k, v, at.missing);
  const at::Tensor root = weight.sqrt().unsqueeze(1);
  const at::Tensor columns = (between * weight.unsqueeze(1)).sum(2) / weight;
  const at::Tensor mixed =
      pinv_times(between * root / root.squeeze(1), gathered * root,
                 between.sum(3).max() * columns.max(), options_.pinv_iterations) /
      root;  // [B, heads, landmarks, e]
  return few ? between.narrow(2, front, q.size(2)).matmul(mixed)
             : attend_few(q, k_marks, mixed.to(q.scalar_type()), at.alike);
}

// q_i k_j^T = c_i (Bq Bk^T) c_j^T, and every mixture of rows of v is one of rows of c, times Bv:
// the layer runs on heads of r columns.
at::Tensor NystromAttentionImpl::forward_factored(const Factored& x) {
  const int64_t n = x.coefficients.size(1), r = x.basis.size(1);
  if (!exactly() || options_.full || r >= options_.dim_head) return forward(x.product());
  const auto [q, k, v] = project(x.basis, {});       // [B, heads, r, e]
  const at::Tensor c = x.coefficients.unsqueeze(1);  // [B, 1, n, r]
  const at::Tensor each = c.expand({-1, options_.heads, -1, -1});
  const at::Tensor asking = c.matmul(q.matmul(k.transpose(2, 3)));
  at::Tensor y = mix(asking, marks(asking, layout(n)), each, each);  // [B, heads, n, r]
  if (res_conv_) y = y + res_conv_->forward(each);
  const at::Tensor weight =
      to_out_->weight.unflatten(1, {options_.heads, options_.dim_head}).permute({1, 2, 0});
  const at::Tensor out =
      y.transpose(1, 2).flatten(2).matmul(v.matmul(weight).flatten(1, 2)) + to_out_->bias;
  return at::dropout(out, options_.dropout, is_training());
}

bool NystromAttentionImpl::exactly() const {
  return options_.form == Form::exact && options_.slice == Slice::tail;
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
  const int64_t n = x.size(1), inner = options_.heads * options_.dim_head;
  const auto split = [this](const at::Tensor& y) {
    return y.unflatten(2, {options_.heads, options_.dim_head}).transpose(1, 2);
  };
  const at::Tensor weight = to_qkv_->weight;
  const auto kv = at::linear(x, weight.narrow(0, inner, 2 * inner)).chunk(2, 2);
  const at::Tensor k = split(kv[0]), v = split(kv[1]);  // [B, heads, n, e]
  const at::Tensor rows =
      at::cat({x.narrow(1, 0, 1), marks(x.unsqueeze(1), layout(n)).squeeze(1)}, 1);
  const at::Tensor q = split(at::linear(rows, weight.narrow(0, 0, inner))) /
                       std::sqrt(static_cast<double>(options_.dim_head));
  at::Tensor y = mix(q.narrow(2, 0, 1), q.narrow(2, 1, q.size(2) - 1), k, v);  // [B, heads, 1, e]
  if (res_conv_) {
    const int64_t reach = std::min(n, options_.residual_kernel / 2 + 1);
    y = y + res_conv_->forward(v.narrow(2, 0, reach)).narrow(2, 0, 1);
  }
  return leave(y);
}

at::Tensor NystromAttentionImpl::first_weights(const at::Tensor& x) {
  TORCH_CHECK(options_.slice == Slice::tail, "NystromAttention: weights need slice tail");
  if (options_.full) {
    const auto [q, k, v] = project(x, {});
    return q.narrow(2, 0, 1).matmul(k.transpose(2, 3)).softmax(3).squeeze(2);
  }
  const Padded padded = pad(x, {});
  auto heads = project(padded.x, {});
  const at::Tensor row = heads.q.narrow(2, padded.missing, 1);  // [B, heads, 1, e]
  const int64_t m = options_.landmarks;
  const at::Tensor q_mark = landmarks_of(heads.q, m, {}), k_mark = landmarks_of(heads.k, m, {});
  const at::Tensor near = row.matmul(k_mark.transpose(2, 3)).softmax(3);
  const at::Tensor between = q_mark.matmul(k_mark.transpose(2, 3)).softmax(3);
  // near pinv(A) = (pinv(A^T) near^T)^T: the iteration commutes with transposing.
  const at::Tensor through = pinv_times(between.transpose(2, 3), near.transpose(2, 3),
                                        pinv_scale(between), options_.pinv_iterations);
  const at::Tensor far = q_mark.matmul(heads.k.transpose(2, 3)).softmax(3);  // [B, heads, m, N]
  return through.transpose(2, 3).matmul(far).squeeze(2).narrow(2, padded.missing, x.size(1));
}

at::Tensor NystromAttentionImpl::forward(const at::Tensor& x, const at::Tensor& mask) {
  if (options_.full) {
    TORCH_CHECK(!mask.defined(), "NystromAttention: full attention takes no mask");
    return mix_fully(x);
  }
  if (options_.form == Form::reference) return forward_with_factors(x, mask).output;
  if (!mask.defined() && exactly()) {
    const auto [q, k, v] = project(x, {});
    return finish(mix(q, marks(q, layout(x.size(1))), k, v), v);
  }
  const Padded padded = pad(x, mask);
  const Heads heads = project(padded.x, padded.mask);
  const auto [attn1, attn2, attn3] = factors(heads, padded);
  const at::Tensor y = attn1.matmul(
      pinv_times(attn2, attn3.matmul(heads.v), pinv_scale(attn2), options_.pinv_iterations));
  const int64_t first = options_.slice == Slice::tail ? padded.missing : 0;
  return finish(y, heads.v).narrow(1, first, x.size(1));
}

}  // namespace tractrix::nn
