#include "tractrix/nn/trans_layer.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "tractrix/nn/init.hpp"

namespace tractrix::nn {

TransLayerImpl::TransLayerImpl(const TransLayerOptions& options) {
  NystromAttentionOptions attention;
  attention.dim = options.dim;
  attention.heads = options.heads;
  attention.dim_head = options.dim / options.heads;
  attention.landmarks = options.landmarks ? options.landmarks : options.dim / 2;
  attention.dropout = options.dropout;
  attention.slice = options.slice;
  attention.full = options.full;
  attention.form = options.form;
  norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.dim})));
  attn_ = register_module("attn", NystromAttention(attention));
}

at::Tensor TransLayerImpl::forward(const at::Tensor& x) {
  return x + attn_->forward(norm_->forward(x));
}

at::Tensor TransLayerImpl::forward_first(const at::Tensor& x) {
  return x.narrow(1, 0, 1) + attn_->forward_first(norm_->forward(x));
}

at::Tensor TransLayerImpl::first_weights(const at::Tensor& x) {
  return attn_->first_weights(norm_->forward(x));
}

// The mean of a row of c U is c times the row means of U, its variance c (Uc Uc^T / dim) c^T.
at::Tensor TransLayerImpl::forward_factored(const Factored& x) {
  const at::Tensor centred = x.basis - x.basis.mean(2, true);  // [B, r, dim]
  const at::Tensor spread = centred.matmul(centred.transpose(1, 2)) / centred.size(2);
  const at::Tensor& c = x.coefficients;
  const at::Tensor variance = (c.matmul(spread) * c).sum(2, true);
  const at::Tensor scaled = c * (variance + norm_->options.eps()).rsqrt();  // [B, n, r]
  const Factored normed{
      at::constant_pad_nd(scaled, {0, 1}, 1),
      at::cat({centred * norm_->weight, norm_->bias.expand({centred.size(0), 1, -1})}, 1)};
  return x.product() + attn_->forward_factored(normed);
}

TokenEncoderImpl::TokenEncoderImpl(const TokenEncoderOptions& options)
    : grid_(options.grid),
      repeat_(options.repeat),
      first_only_(options.layer.form == Form::exact && !options.layer.full &&
                  options.layer.slice == Slice::tail) {
  const int64_t dim = options.layer.dim;
  cls_token_ = register_parameter("cls_token", at::empty({1, 1, dim}));
  if (options.grid && options.positions)
    pos_layer_ = register_module("pos_layer", Ppeg(PpegOptions{dim, options.layer.form}));
  initialise_token(cls_token_, options.token_deviation);
  if (options.in > 0)
    fc1_ = register_module(
        "_fc1", Mlp(MlpOptions{.widths = {options.in, dim}, .dropout = options.in_dropout}));
  layer1_ = register_module("layer1", TransLayer(options.layer));
  layer2_ = register_module("layer2", TransLayer(options.layer));
  if (options.final_norm)
    norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})));
}

at::Tensor TokenEncoderImpl::enter(at::Tensor x) {
  TORCH_CHECK(x.dim() == 3 && x.size(1) > 0, "TokenEncoder: x must be [B, n, D] with n >= 1");
  if (fc1_) x = fc1_->forward(x);
  x = at::cat({cls_token_.expand({x.size(0), -1, -1}), fill_square(x)}, 1);
  return place(layer1_->forward(x));
}

at::Tensor TokenEncoderImpl::fill_square(const at::Tensor& x) const {
  if (!grid_ || !repeat_) return x;
  const int64_t side = square_side(x.size(1));
  return at::cat({x, x.narrow(1, 0, side * side - x.size(1))}, 1);
}

at::Tensor TokenEncoderImpl::place(const at::Tensor& x) {
  if (!pos_layer_) return x;
  const int64_t rows = x.size(1), side = square_side(rows - 1), missing = side * side - (rows - 1);
  if (missing == 0) return pos_layer_->forward(x, side, side);
  const at::Tensor square = at::constant_pad_nd(x, {0, 0, 0, missing});
  return pos_layer_->forward(square, side, side).narrow(1, 0, rows);
}

at::Tensor TokenEncoderImpl::normed(const at::Tensor& x) { return norm_ ? norm_->forward(x) : x; }

at::Tensor TokenEncoderImpl::leave_token(const at::Tensor& x) {
  const at::Tensor first =
      first_only_ ? layer2_->forward_first(x) : layer2_->forward(x).narrow(1, 0, 1);
  return normed(first).select(1, 0);
}

at::Tensor TokenEncoderImpl::forward_token(at::Tensor x) {
  return leave_token(enter(std::move(x)));
}

TokenEncoderImpl::Attended TokenEncoderImpl::forward_attended(at::Tensor x) {
  const int64_t n = x.size(1);
  const at::Tensor entered = enter(std::move(x));
  const at::Tensor weights = layer2_->first_weights(entered);
  return {leave_token(entered), fold_repeats(weights.narrow(2, 1, weights.size(2) - 1), n)};
}

at::Tensor TokenEncoderImpl::fold_repeats(const at::Tensor& columns, int64_t n) const {
  const int64_t repeated = columns.size(-1) - n;
  if (repeated == 0) return columns;
  return columns.narrow(-1, 0, n) +
         at::constant_pad_nd(columns.narrow(-1, n, repeated), {0, n - repeated});
}

// The class token is one row of the basis more, with a coefficient of its own.
at::Tensor TokenEncoderImpl::forward_token(const Factored& x) {
  TORCH_CHECK(!fc1_ && x.coefficients.dim() == 3, "TokenEncoder: factored tokens go without fc1");
  const at::Tensor c = fill_square(x.coefficients);  // [B, n, r]
  at::Tensor token = at::zeros({c.size(0), 1, c.size(2) + 1}, c.options());
  token.select(2, 0).fill_(1);
  const Factored tokens{at::cat({token, at::constant_pad_nd(c, {1, 0})}, 1),
                        at::cat({cls_token_.expand({c.size(0), -1, -1}), x.basis}, 1)};
  return leave_token(place(layer1_->forward_factored(tokens)));
}

EncodedTokens TokenEncoderImpl::forward(at::Tensor x) {
  x = normed(layer2_->forward(enter(std::move(x))));
  return {x.select(1, 0), x.narrow(1, 1, x.size(1) - 1)};
}

void TokenEncoderImpl::spread_into(torch::nn::Module& parent) {
  for (auto& item : named_parameters(false)) parent.register_parameter(item.key(), item.value());
  for (auto& item : named_children()) parent.register_module(item.key(), item.value());
}

int64_t square_side(int64_t n) {
  int64_t side = static_cast<int64_t>(std::sqrt(static_cast<double>(n)));
  while (side * side < n) ++side;
  while (side > 0 && (side - 1) * (side - 1) >= n) --side;
  return side;
}

}  // namespace tractrix::nn
