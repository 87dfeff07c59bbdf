// Nystrom self-attention (Xiong et al. 2021): softmax(q k~) pinv(softmax(q~ k~)) softmax(q~ k) v
// with landmarks q~, k~ that are means of consecutive rows. Follows lucidrains/nystrom-attention,
// the package TransMIL, CMTA and others use.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <optional>

#include "tractrix/nn/depthwise_conv.hpp"
#include "tractrix/nn/form.hpp"

namespace tractrix::nn {

// Iterative Moore-Penrose inverse of [..., m, m]. The scale of the start holds two maxima over the
// WHOLE tensor, so the samples of a batch touch each other (reference).
at::Tensor iterative_pinv(const at::Tensor& x, int64_t iterations = 6);

// Rows are padded with zeros IN FRONT to a multiple of the landmarks. tail keeps the last n rows
// (package 0.0.10 and later); head the first n, the defect of 0.0.9 that TransMIL's published
// numbers were made with.
enum class Slice { tail, head };

struct NystromAttentionOptions {
  int64_t dim = 0, dim_head = 64, heads = 8, landmarks = 256;
  int64_t pinv_iterations = 6;
  bool residual = true;  // adds a convolution of v along the rows
  int64_t residual_kernel = 33;
  double dropout = 0;  // behind the output layer
  Slice slice = Slice::tail;
  Form form = Form::reference;  // exact: attn1 (pinv (attn3 v)), without an N x m product
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
  NystromOutput forward_with_factors(const at::Tensor& x, at::Tensor mask = {});

 private:
  struct Heads;
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
