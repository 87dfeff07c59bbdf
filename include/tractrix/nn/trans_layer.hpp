// TransMIL's layer and the encoders CMTA builds of it (models/cmta/network.py).
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/nystrom_attention.hpp"
#include "tractrix/nn/ppeg.hpp"

namespace tractrix::nn {

struct TransLayerOptions {
  int64_t dim = 512, heads = 8;
  int64_t landmarks = 0;  // 0: dim / 2, as both references
  double dropout = 0.1;
  Slice slice = Slice::tail;
  bool full = false;  // softmax attention over all pairs instead of the Nystrom form
  Form form = Form::reference;
};

// y = x + NystromAttention(LayerNorm(x)), head width dim / heads; there is no feed-forward part.
// Children norm, attn.
class TransLayerImpl : public torch::nn::Module {
 public:
  explicit TransLayerImpl(const TransLayerOptions& options);
  at::Tensor forward(const at::Tensor& x);         // [B, n, dim]
  at::Tensor forward_first(const at::Tensor& x);   // [B, 1, dim], row 0 of forward(x)
  at::Tensor forward_factored(const Factored& x);  // forward(x.product())
  at::Tensor first_weights(const at::Tensor& x);   // [B, heads, n], of row 0 over all rows

 private:
  torch::nn::LayerNorm norm_{nullptr};
  NystromAttention attn_{nullptr};
};
TORCH_MODULE(TransLayer);

struct TokenEncoderOptions {
  TransLayerOptions layer;
  bool grid =
      false;  // lays the tokens out as a square and encodes positions (PPEG) between the layers
  bool positions = true;  // false: the square without PPEG (CMTA's ablation)
  // grid: the square's missing places are filled by the first tokens, which stay (the references);
  // false: there are n tokens throughout, and only PPEG sees zeros at the missing places (specs
  // D-26).
  bool repeat = true;
  bool final_norm = true;  // false: nothing behind the second layer (CMTA's paper, specs D-25)
  int64_t in = 0;          // above 0: Linear, ReLU, dropout in front (TransMIL's _fc1)
  double in_dropout = 0;
  double token_deviation = 1e-6;  // of the class token's initial values
};

struct EncodedTokens {
  at::Tensor token;   // [B, dim], the class token
  at::Tensor tokens;  // [B, n, dim]; with grid and repeat the side^2 tokens, repeated ones included
};

// Class token in front, TransLayer, (PPEG,) TransLayer, (LayerNorm): CMTA's Transformer_G, and with
// grid its Transformer_P, which repeats the first tokens until they fill a square; with grid and in
// it is TransMIL's trunk. Children cls_token, pos_layer, _fc1, layer1, layer2, norm.
class TokenEncoderImpl : public torch::nn::Module {
 public:
  explicit TokenEncoderImpl(const TokenEncoderOptions& options);
  EncodedTokens forward(at::Tensor x);  // [B, n, dim] (with in: [B, n, in]), n >= 1
  // forward(x).token, [B, dim]; with form exact no other row of the second layer is computed.
  at::Tensor forward_token(at::Tensor x);
  at::Tensor forward_token(const Factored& x);  // of x.product(); without in
  struct Attended {
    at::Tensor token;    // [B, dim], forward_token(x)
    at::Tensor weights;  // [B, heads, n], the class token's over the rows of x in the second layer;
                         // a row that fills the square twice has the sum of both
  };
  Attended forward_attended(at::Tensor x);
  // What a repeated row was given added to the row itself: [..., side^2] -> [..., n].
  at::Tensor fold_repeats(const at::Tensor& columns, int64_t n) const;
  const at::Tensor& token() const { return cls_token_; }  // [1, 1, dim], the parameter
  // Gives its children and the token to a parent under their own names, for references that have
  // no module around them.
  void spread_into(torch::nn::Module& parent);

 private:
  at::Tensor enter(at::Tensor x);                     // up to the second layer: [B, 1 + n, dim]
  at::Tensor fill_square(const at::Tensor& x) const;  // repeats rows where the options say so
  at::Tensor place(const at::Tensor& x);              // positions between the layers
  at::Tensor normed(const at::Tensor& x);
  at::Tensor leave_token(const at::Tensor& x);

  bool grid_, repeat_, first_only_;
  at::Tensor cls_token_;
  Ppeg pos_layer_{nullptr};
  Mlp fc1_{nullptr};
  TransLayer layer1_{nullptr}, layer2_{nullptr};
  torch::nn::LayerNorm norm_{nullptr};
};
TORCH_MODULE(TokenEncoder);

// The smallest s with s * s >= n, exact for every n >= 0.
int64_t square_side(int64_t n);

}  // namespace tractrix::nn
