// What the bag encoders say they take from each patch, against the same numbers computed from their
// weights by hand.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tractrix/nn/fusion_net.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace attention_weights {

constexpr int64_t kPatches = 11;

FusionNetOptions encoder_of(BagEncoder bag) {
  FusionNetOptions options;
  options.bag = bag;
  options.bag_columns = 10;
  options.hidden = 16;
  options.attention = 8;
  return options;
}

FusionNet net_of(const FusionNetOptions& options) {
  draw_from(Seed(51));
  FusionNet net(options);
  cast(*net, at::kCPU, at::kDouble);
  net->eval();
  return net;
}

at::Tensor patches() { return normal(Seed(52), {kPatches, 10}); }

struct Weights {
  explicit Weights(const FusionNet& net) : all(net->named_parameters()) {}
  at::Tensor linear(const std::string& name, const at::Tensor& x) const {
    return at::linear(x, all[name + ".weight"], all[name + ".bias"]);
  }
  torch::OrderedDict<std::string, at::Tensor> all;
};

void expect_same(const at::Tensor& have, const at::Tensor& want) {
  ASSERT_EQ(have.sizes(), want.sizes());
  EXPECT_TRUE(at::allclose(have, want, 1e-12, 1e-14));
}

TEST(AttentionWeights, OfGatedPoolingAreItsSoftmax) {
  const at::NoGradGuard no_grad;
  for (const BagEncoder bag : {BagEncoder::abmil, BagEncoder::clam_sb, BagEncoder::clam_mb}) {
    SCOPED_TRACE(static_cast<int>(bag));
    FusionNet net = net_of(encoder_of(bag));
    const Weights w(net);
    const at::Tensor rows = w.linear("attention_net.0", patches()).relu();
    const at::Tensor scores =
        w.linear("attention_net.3.attention_c",
                 w.linear("attention_net.3.attention_a.0", rows).tanh() *
                     w.linear("attention_net.3.attention_b.0", rows).sigmoid());  // [N, heads]
    const at::Tensor want = scores.t().softmax(1);
    expect_same(net->forward(patches(), {}, true).attention,
                bag == BagEncoder::clam_mb ? want : want.squeeze(0));
  }
}

TEST(AttentionWeights, OfTheLabsPoolingAreItsSoftmax) {
  const at::NoGradGuard no_grad;
  FusionNetOptions options = encoder_of(BagEncoder::abmil_lab);
  for (const bool gated : {true, false}) {
    SCOPED_TRACE(gated);
    options.gated = gated;
    FusionNet net = net_of(options);
    const Weights w(net);
    const at::Tensor rows = w.linear("feature.0", patches()).relu();
    const at::Tensor scores =
        gated ? w.linear("attention_weights", w.linear("attention_V.0", rows).tanh() *
                                                  w.linear("attention_U.0", rows).sigmoid())
              : w.linear("attention.2", w.linear("attention.0", rows).tanh());
    expect_same(net->forward(patches(), {}, true).attention, scores.squeeze(1).softmax(0));
  }
}

TEST(AttentionWeights, OfMeanAndMaxSayWherePooledNumbersComeFrom) {
  const at::NoGradGuard no_grad;
  FusionNetOptions options = encoder_of(BagEncoder::mean);
  expect_same(net_of(options)->forward(patches(), {}, true).attention,
              at::full({kPatches}, 1.0 / kPatches, at::kDouble));
  options.bag = BagEncoder::max;
  FusionNet net = net_of(options);
  const Weights w(net);
  const at::Tensor logits = w.linear("head.3", w.linear("head.0", patches()).relu());
  const FusionOutput out = net->forward(patches(), {}, true);
  ASSERT_EQ(out.attention.sizes(), at::IntArrayRef({4, kPatches}));
  expect_same(out.attention.matmul(logits).diagonal(), out.logits.squeeze(0));
  expect_same(out.attention.sum(1), at::ones({4}, at::kDouble));
  options.pool_at = PoolAt::features;
  expect_same(net_of(options)->forward(patches(), {}, true).attention.sum(),
              at::ones({}, at::kDouble));
}

// A patch that fills the square a second time counts once, with both shares.
TEST(AttentionWeights, OfTransMilAreTheClassTokensRow) {
  FusionNetOptions options = encoder_of(BagEncoder::transmil);
  for (const Form form : {Form::reference, Form::exact}) {
    options.form = form;
    FusionNet net = net_of(options);
    const at::Tensor with_graph = net->forward(patches(), {}).logits.detach();
    const at::NoGradGuard no_grad;
    const FusionOutput out = net->forward(patches(), {}, true);
    EXPECT_TRUE(at::allclose(out.logits, with_graph, 1e-10, 1e-12)) << "the same prediction";
    ASSERT_EQ(out.attention.sizes(), at::IntArrayRef({8, kPatches}));
    EXPECT_TRUE(out.attention.isfinite().all().item<bool>());
  }
  TokenEncoderOptions trunk;
  trunk.layer = {.dim = 16, .heads = 2, .landmarks = 4};
  trunk.grid = true;
  TokenEncoder encoder(trunk);
  const at::Tensor columns = at::arange(16, at::kDouble).reshape({1, 16});  // 11 fill 16 places
  const at::Tensor folded = encoder->fold_repeats(columns, kPatches);
  ASSERT_EQ(folded.sizes(), at::IntArrayRef({1, kPatches}));
  EXPECT_EQ(folded[0][0].item<double>(), 0 + 11);
  EXPECT_EQ(folded[0][4].item<double>(), 4 + 15);
  EXPECT_EQ(folded[0][5].item<double>(), 5);
}

}  // namespace attention_weights
}  // namespace tractrix::nn
