// Nystrom self-attention (Xiong et al. 2021): softmax(q k~) pinv(softmax(q~ k~)) softmax(q~ k) v
// with landmarks q~, k~ that are means of consecutive rows. Follows lucidrains/nystrom-attention,
// the package TransMIL, CMTA and others use.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <optional>

#include "tractrix/nn/depthwise_conv.hpp"
#include "tractrix/nn/factored.hpp"
#include "tractrix/nn/form.hpp"
#include "tractrix/nn/pseudo_inverse.hpp"

namespace tractrix::nn {

// Rows are padded with zeros IN FRONT to a multiple of the landmarks. tail keeps the last n rows
// (package 0.0.10 and later); head the first n, the defect of 0.0.9 that TransMIL's published
// numbers were made with.
enum class Slice { tail, head };

struct NystromAttentionOptions {
  int64_t dim = 0, dim_head = 64, heads = 8, landmarks = 256;
  int64_t pinv_iterations = kPinvIterations;
  bool residual = true;  // adds a convolution of v along the rows
  int64_t residual_kernel = 33;
  double dropout = 0;  // behind the output layer
  Slice slice = Slice::tail;
  // exact: attn1 (pinv (attn3 v)) with the symmetric pseudo-inverse, and one row with a weight in
  // place of all padded ones. forward_with_factors is always the reference's.
  Form form = Form::reference;
  // Same weights, softmax(q k) v over all pairs of rows, without padding or landmarks: for few
  // rows, where the landmark form is no saving and mixes padded rows in (specs D-27).
  bool full = false;
};

struct NystromOutput {
  at::Tensor output;     // [B, n, dim]
  at::Tensor attn1;      // [B, heads, N, m], N = padded rows
  at::Tensor attn2_inv;  // [B, heads, m, m]
  at::Tensor attn3;      // [B, heads, m, N]
};

// to_qkv.weight [3 heads dim_head, dim] rows q | k | v, head outermost in each; to_out.0;
// res_conv.weight. The N x N attention attn1 * attn2_inv * attn3 is never formed.
class NystromAttentionImpl : public torch::nn::Module {
 public:
  explicit NystromAttentionImpl(const NystromAttentionOptions& options);
  // x [B, n, dim]; mask [B, n] boolean, true = valid; without it the padded rows take part like any
  // other (reference).
  at::Tensor forward(const at::Tensor& x, const at::Tensor& mask = {});
  // Row 0 of forward(x) alone, [B, 1, dim]: no other row gets a query, a convolution or an output.
  // Only for slice tail, without full.
  at::Tensor forward_first(const at::Tensor& x);
  // forward(x.product()); with form exact and a basis smaller than a head, at the cost of heads as
  // wide as the basis.
  at::Tensor forward_factored(const Factored& x);
  // Row 0 of the attention that forward(x) applies to v, [B, heads, n]: what row 0 takes from each
  // row, the residual convolution aside. Landmark rows may be negative and need not add up to 1.
  at::Tensor first_weights(const at::Tensor& x);
  NystromOutput forward_with_factors(const at::Tensor& x, const at::Tensor& mask = {});

 private:
  struct Heads;
  struct Padded;
  struct Factors;
  Padded pad(const at::Tensor& x, const at::Tensor& mask) const;
  Factors factors(const Heads& heads, const Padded& padded) const;
  // How n rows meet the landmarks: rows of one, padded rows, landmarks of padded rows only, and
  // padded rows of the landmark after them.
  struct Layout {
    int64_t each, missing, alike, rest;
  };
  Layout layout(int64_t n) const;
  at::Tensor marks(const at::Tensor& rows, const Layout& layout) const;
  at::Tensor mix(const at::Tensor& q, const at::Tensor& q_marks, const at::Tensor& k,
                 const at::Tensor& v) const;
  bool exactly() const;  // whether padded rows may be left out
  Heads project(const at::Tensor& padded, const at::Tensor& mask);
  at::Tensor mix_fully(const at::Tensor& x);
  at::Tensor finish(at::Tensor y, const at::Tensor& v);
  at::Tensor leave(at::Tensor y);

  NystromAttentionOptions options_;
  torch::nn::Linear to_qkv_{nullptr}, to_out_{nullptr};
  DepthwiseConv res_conv_{nullptr};
};
TORCH_MODULE(NystromAttention);

}  // namespace tractrix::nn
