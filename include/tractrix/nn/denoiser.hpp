// Networks that see a noisy latent, its time and conditions, and say what the noise is. The
// four-token form is our reading of MUST (arXiv 2603.26071, 3.5 and supplement 7.2: "4-layer
// transformer on 256-d", conditions concatenated); no code of it was published.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "tractrix/nn/time_embedding.hpp"
#include "tractrix/nn/transformer_encoder.hpp"

namespace tractrix::nn {

// tokens: [time, conditions..., z] with a type embedding each, read at z. concat: one token
// Linear([z | conditions]) + time.
enum class DenoiserLayout { tokens, concat };

struct DenoiserOptions {
  int64_t dim = 256, conditions = 2;
  int64_t layers = 4, heads = 8, feedforward = 1024, time_hidden = 1024;
  double dropout = 0;
  DenoiserLayout layout = DenoiserLayout::tokens;
  bool zero_out = true;  // the output layer starts at 0
};

// Pre-norm encoder layers and a last LayerNorm: children layers.i and norm.
class DenoiserTrunkImpl : public torch::nn::Module {
 public:
  explicit DenoiserTrunkImpl(const TransformerEncoderOptions& options);
  at::Tensor forward_last(at::Tensor x);  // [L, B, dim] -> [B, dim], the last token alone

 private:
  std::vector<TransformerEncoderLayer> layers_;
  torch::nn::LayerNorm norm_{nullptr};
};
TORCH_MODULE(DenoiserTrunk);

// Children type_embed, time, (mix,) layers, out.
class DenoiserImpl : public torch::nn::Module {
 public:
  explicit DenoiserImpl(const DenoiserOptions& options);
  // z [B, dim], t [B], each condition [B, dim] -> [B, dim]
  at::Tensor forward(const at::Tensor& z, const at::Tensor& t,
                     const std::vector<at::Tensor>& conditions);

 private:
  DenoiserOptions options_;
  at::Tensor type_embed_;  // [conditions + 2, dim]
  TimeEmbedding time_{nullptr};
  torch::nn::Linear mix_{nullptr}, out_{nullptr};
  DenoiserTrunk layers_{nullptr};
};
TORCH_MODULE(Denoiser);

}  // namespace tractrix::nn
