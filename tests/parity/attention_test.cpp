// Attention layers against nystrom-attention, TransMIL and CMTA.
#include <torch/nn/modules/container/modulelist.h>

#include "support/golden_classes.hpp"
#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/multihead_attention.hpp"
#include "tractrix/nn/nystrom_attention.hpp"
#include "tractrix/nn/ppeg.hpp"
#include "tractrix/nn/trans_layer.hpp"

namespace tractrix::test {
namespace {

Tensors run_pinv(Golden& golden) {
  return {{"z", nn::iterative_pinv(golden.input("x").softmax(-1), golden.config().at("iters"))}};
}

Tensors run_multihead(Golden& golden) {
  const Json& config = golden.config();
  nn::MultiheadAttention layer(
      nn::MultiheadAttentionOptions{config.at("embed_dim"), config.at("num_heads")});
  golden.load(*layer);
  const auto [output, scores] =
      layer->forward(golden.input("query"), golden.input("key"), golden.input("key"));
  return {{"y", output}, {"raw", scores}};
}

// Package 0.0.9 keeps the first rows; its cases say so in their notes.
nn::Slice slice_of(const Golden& golden) {
  return golden.json().at("notes").dump().find("0.0.9 keeps the FIRST") == std::string::npos
             ? nn::Slice::tail
             : nn::Slice::head;
}

Tensors run_nystrom(Golden& golden) {
  const Json& config = golden.config();
  nn::NystromAttentionOptions options;
  options.dim = config.at("dim");
  options.dim_head = config.at("dim_head");
  options.heads = config.at("heads");
  options.landmarks = config.at("num_landmarks");
  options.pinv_iterations = config.value("pinv_iterations", options.pinv_iterations);
  options.residual = config.value("residual", options.residual);
  options.residual_kernel = config.value("residual_conv_kernel", options.residual_kernel);
  options.slice = slice_of(golden);
  nn::NystromAttention layer(options);
  golden.load(*layer);
  const at::Tensor mask = golden.has("in/mask") ? golden.input("mask") : at::Tensor();
  const nn::NystromOutput out = layer->forward_with_factors(golden.input("x"), mask);
  Tensors named{{"y", out.output}};
  if (!golden.stored().has("out/attn1")) return named;
  named["attn1"] = out.attn1;
  named["attn2_inv"] = out.attn2_inv;
  named["attn3"] = out.attn3;
  return named;
}

nn::TransLayerOptions layer_options(const Json& config) {
  nn::TransLayerOptions options;
  options.dim = config.value(config.contains("dim") ? "dim" : "feature_dim", int64_t{0});
  options.heads = config.value("heads", options.heads);
  options.landmarks = config.value("num_landmarks", options.landmarks);
  options.dropout = 0;
  return options;
}

Tensors run_trans_layer(Golden& golden) {
  nn::TransLayer layer(layer_options(golden.config()));
  golden.load(*layer);
  return {{"y", layer->forward(golden.input("x"))}};
}

Tensors run_token_encoder(Golden& golden) {
  nn::TokenEncoderOptions options;
  options.layer = layer_options(golden.config());
  options.grid = golden.source_class() == "Transformer_P";
  nn::TokenEncoder encoder(options);
  golden.load(*encoder);
  const nn::EncodedTokens out = encoder->forward(golden.input("x"));
  return {{"cls", out.token}, {"tokens", out.tokens}};
}

Tensors run_ppeg(Golden& golden) {
  const Json& config = golden.config();
  nn::Ppeg layer(nn::PpegOptions{config.at("dim")});
  golden.load(*layer);
  return {{"y", layer->forward(golden.input("x"), config.at("H"), config.at("W"))}};
}

// Pre-norm attention and GELU feed-forward, both with a skip.
struct NystromBlock : torch::nn::Module {
  struct Part : torch::nn::Module {
    explicit Part(int64_t dim) {
      norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})));
    }
    torch::nn::LayerNorm norm{nullptr};
  };
  struct FeedForward : torch::nn::Module {
    explicit FeedForward(int64_t dim) {
      const nn::MlpOptions options{{dim, 4 * dim, dim}, nn::Activation::gelu, 0.0, true};
      net = register_module("net", nn::Mlp(options));
    }
    nn::Mlp net{nullptr};
  };

  explicit NystromBlock(const nn::NystromAttentionOptions& options) {
    attend = register_module("0", std::make_shared<Part>(options.dim));
    feed = register_module("1", std::make_shared<Part>(options.dim));
    attention = attend->register_module("fn", nn::NystromAttention(options));
    forward_net = feed->register_module("fn", std::make_shared<FeedForward>(options.dim));
  }
  at::Tensor forward(at::Tensor x) {
    x = x + attention->forward(attend->norm->forward(x));
    return x + forward_net->net->forward(feed->norm->forward(x));
  }

  std::shared_ptr<Part> attend, feed;
  nn::NystromAttention attention{nullptr};
  std::shared_ptr<FeedForward> forward_net;
};

struct NystromStack : torch::nn::Module {
  NystromStack(const nn::NystromAttentionOptions& options, int64_t depth) {
    torch::nn::ModuleList layers;
    for (int64_t i = 0; i < depth; ++i)
      layers->push_back(blocks.emplace_back(std::make_shared<NystromBlock>(options)));
    register_module("layers", layers);
  }
  std::vector<std::shared_ptr<NystromBlock>> blocks;
};

Tensors run_nystromformer(Golden& golden) {
  const Json& config = golden.config();
  nn::NystromAttentionOptions options;
  options.dim = config.at("dim");
  options.dim_head = config.at("dim_head");
  options.heads = config.at("heads");
  options.landmarks = config.at("num_landmarks");
  NystromStack stack(options, config.at("depth"));
  golden.load(stack);
  at::Tensor x = golden.input("x");
  for (const auto& block : stack.blocks) x = block->forward(x);
  return {{"y", x}};
}

const bool kKnown[] = {knows_class("moore_penrose_iter_pinv", run_pinv),
                       knows_class("MultiheadAttention", run_multihead),
                       knows_class("NystromAttention", run_nystrom),
                       knows_class("TransLayer", run_trans_layer),
                       knows_class("Transformer_G", run_token_encoder),
                       knows_class("Transformer_P", run_token_encoder),
                       knows_class("PPEG", run_ppeg),
                       knows_class("Nystromformer", run_nystromformer)};

}  // namespace
}  // namespace tractrix::test
