#include "tractrix/nn/denoiser.hpp"

#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/container/modulelist.h>

namespace tractrix::nn {

DenoiserTrunkImpl::DenoiserTrunkImpl(const TransformerEncoderOptions& options) {
  torch::nn::ModuleList list;
  for (int64_t i = 0; i < options.layers; ++i) {
    layers_.emplace_back(options);
    list->push_back(layers_.back());
  }
  register_module("layers", list);
  norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.dim})));
}

at::Tensor DenoiserTrunkImpl::forward_last(at::Tensor x) {
  for (size_t i = 0; i + 1 < layers_.size(); ++i) x = layers_[i]->forward(x);
  return norm_->forward(layers_.back()->forward_last(x).squeeze(0));
}

DenoiserImpl::DenoiserImpl(const DenoiserOptions& options) : options_(options) {
  const auto& o = options_;
  const int64_t tokens = o.layout == DenoiserLayout::tokens ? o.conditions + 2 : 1;
  type_embed_ = register_parameter("type_embed", at::randn({tokens, o.dim}) * 0.02);
  time_ = register_module("time", TimeEmbedding(TimeEmbeddingOptions{o.dim, o.time_hidden, o.dim}));
  if (o.layout == DenoiserLayout::concat)
    mix_ = register_module("mix", torch::nn::Linear((o.conditions + 1) * o.dim, o.dim));
  TransformerEncoderOptions trunk;
  trunk.dim = o.dim;
  trunk.heads = o.heads;
  trunk.feedforward = o.feedforward;
  trunk.dropout = o.dropout;
  trunk.norm_first = true;
  trunk.activation = Activation::gelu;
  trunk.layers = o.layers;
  layers_ = register_module("layers", DenoiserTrunk(trunk));
  out_ = register_module("out", torch::nn::Linear(o.dim, o.dim));
  if (!o.zero_out) return;
  torch::nn::init::zeros_(out_->weight);
  torch::nn::init::zeros_(out_->bias);
}

at::Tensor DenoiserImpl::forward(const at::Tensor& z, const at::Tensor& t,
                                 const std::vector<at::Tensor>& conditions) {
  TORCH_CHECK(static_cast<int64_t>(conditions.size()) == options_.conditions, "Denoiser: got ",
              conditions.size(), " conditions, built for ", options_.conditions);
  const at::Tensor time = time_->forward(t);  // [B, dim]
  at::Tensor x;                               // [L, B, dim]
  if (options_.layout == DenoiserLayout::concat) {
    std::vector<at::Tensor> parts{z};
    parts.insert(parts.end(), conditions.begin(), conditions.end());
    x = (mix_->forward(at::cat(parts, 1)) + time + type_embed_[0]).unsqueeze(0);
  } else {
    std::vector<at::Tensor> tokens{time};
    tokens.insert(tokens.end(), conditions.begin(), conditions.end());
    tokens.push_back(z);
    x = at::stack(tokens) + type_embed_.unsqueeze(1);
  }
  return out_->forward(layers_->forward_last(x));
}

}  // namespace tractrix::nn
