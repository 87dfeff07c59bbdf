// The exact forms against the reference forms with the same weights: outputs and every gradient.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tractrix/nn/cmta_net.hpp"
#include "tractrix/nn/fusion_net.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace exact_forms {

// Both in double and eval mode, with small random weights everywhere (biases are not left at 0).
void equip(torch::nn::Module& reference, torch::nn::Module& exact) {
  const at::NoGradGuard no_grad;
  for (auto* module : {&reference, &exact}) {
    cast(*module, at::kCPU, at::kDouble);
    module->eval();
  }
  const auto from = reference.named_parameters(), to = exact.named_parameters();
  ASSERT_EQ(from.keys(), to.keys());
  for (const auto& item : from) {
    const double around = item.key().ends_with("norm.weight") ? 1 : 0;
    item.value().copy_(around + 0.2 * normal(Seed(7).at(item.key()), item.value().sizes()));
    to[item.key()].copy_(item.value());
  }
}

void expect_same(const at::Tensor& want, const at::Tensor& have, double scale, const char* what) {
  ASSERT_EQ(want.sizes(), have.sizes()) << what;
  EXPECT_LE((want - have).abs().max().item<double>(), 1e-12 * scale) << what;
}

// Gradients of parameters and inputs; each is compared relative to the largest entry of its own, or
// of all of them where it is zero but for rounding (a key bias).
void compare(const torch::nn::Module& reference, const torch::nn::Module& exact,
             const at::Tensor& want, const at::Tensor& have,
             const std::vector<at::Tensor>& inputs) {
  expect_same(want, have, want.abs().max().item<double>(), "output");
  const at::Tensor probe = normal(Seed(8), want.sizes());
  const auto gradients = [&](const torch::nn::Module& module, const at::Tensor& out) {
    auto leaves = module.parameters();
    leaves.insert(leaves.end(), inputs.begin(), inputs.end());
    return torch::autograd::grad({(out * probe).sum()}, leaves);
  };
  const auto a = gradients(reference, want), b = gradients(exact, have);
  auto names = reference.named_parameters().keys();
  names.resize(a.size(), "input");
  double largest = 0;
  for (const auto& g : a) largest = std::max(largest, g.abs().max().item<double>());
  for (size_t i = 0; i < a.size(); ++i) {
    const double own = a[i].abs().max().item<double>();
    expect_same(a[i], b[i], own > 1e-10 * largest ? own : largest, names[i].c_str());
  }
}

at::Tensor input(const char* name, at::IntArrayRef shape) {
  return normal(Seed(9).at(name), shape).requires_grad_(true);
}

TEST(ExactForms, OfTheNystromLayerAndItsFirstRow) {
  TransLayerOptions options{.dim = 16, .heads = 2, .landmarks = 8};
  TransLayer reference(options);
  options.form = Form::exact;
  TransLayer exact(options);
  equip(*reference, *exact);
  for (const int64_t n : {1, 5, 8, 17, 50, 130}) {
    SCOPED_TRACE(n);
    const at::Tensor x = input("x", {2, n, 16});
    const at::Tensor want = reference->forward(x);
    compare(*reference, *exact, want, exact->forward(x), {x});
    compare(*reference, *exact, reference->forward(x).narrow(1, 0, 1), exact->forward_first(x),
            {x});
  }
}

// The published layers have 256 landmarks: genomic tokens are a handful, one of them the class's;
// and a small bag has landmarks of padded rows only.
TEST(ExactForms, OfAFewRowsUnderManyLandmarks) {
  TransLayerOptions options{.dim = 16, .heads = 2, .landmarks = 64};
  TransLayer reference(options);
  options.form = Form::exact;
  TransLayer exact(options);
  equip(*reference, *exact);
  for (const int64_t n : {1, 7, 63, 65, 100, 129}) {
    SCOPED_TRACE(n);
    const at::Tensor x = input("x", {3, n, 16});
    compare(*reference, *exact, reference->forward(x), exact->forward(x), {x});
  }
}

TEST(ExactForms, OfThePseudoInverse) {
  for (const int64_t m : {1, 5, 40}) {
    SCOPED_TRACE(m);
    const at::Tensor scores = input("scores", {2, 3, m, m}), v = input("v", {2, 3, m, 4});
    for (const int64_t iterations : {1, 2, 6}) {
      const at::Tensor x = scores.softmax(3), y = scores.softmax(3);
      const at::Tensor want = iterative_pinv(x, iterations).matmul(v),
                       have = pinv_times(y, v, pinv_scale(y), iterations);
      expect_same(want, have, want.abs().max().item<double>(), "product");
      const at::Tensor probe = normal(Seed(8), want.sizes());
      const auto a = torch::autograd::grad({(want * probe).sum()}, {scores, v});
      const auto b = torch::autograd::grad({(have * probe).sum()}, {scores, v});
      for (size_t i = 0; i < 2; ++i) {
        // A softmax of one score has no gradient.
        const double size = i == 0 && m == 1 ? 1 : a[i].abs().max().item<double>();
        expect_same(a[i], b[i], size, i == 0 ? "scores" : "v");
      }
    }
  }
}

// Rows in the span of a few, as the patches are that CMTA translates from genes.
TEST(ExactForms, OfFactoredRows) {
  TransLayerOptions options{.dim = 24, .heads = 2, .landmarks = 8};
  TransLayer reference(options);
  options.form = Form::exact;
  TransLayer exact(options);
  equip(*reference, *exact);
  for (const auto& [n, r] :
       {std::pair<int64_t, int64_t>{30, 3}, {8, 10}, {50, 11}, {5, 2}, {64, 1}}) {
    SCOPED_TRACE(n);
    const Factored x{input("c", {2, n, r}), input("basis", {2, r, 24})};
    compare(*reference, *exact, reference->forward(x.product()), exact->forward_factored(x),
            {x.coefficients, x.basis});
  }
}

TEST(ExactForms, OfPpeg) {
  Ppeg reference(PpegOptions{6}), exact(PpegOptions{6, Form::exact});
  equip(*reference, *exact);
  for (const auto& [h, w] : {std::pair<int64_t, int64_t>{1, 1}, {3, 3}, {9, 12}}) {
    const at::Tensor x = input("x", {2, 1 + h * w, 6});
    compare(*reference, *exact, reference->forward(x, h, w), exact->forward(x, h, w), {x});
  }
}

TEST(ExactForms, OfTheCrossAttention) {
  MultiheadAttentionOptions options{.dim = 12};
  MultiheadAttention reference(options);
  options.form = Form::exact;
  MultiheadAttention exact(options);
  equip(*reference, *exact);
  for (const auto& [l, s] : {std::pair<int64_t, int64_t>{40, 6}, {6, 40}, {1, 1}, {6, 6}}) {
    const at::Tensor q = input("q", {l, 2, 12}), k = input("k", {s, 2, 12}),
                     v = input("v", {s, 2, 12});
    const AttentionOutput want = reference->forward(q, k, v), have = exact->forward(q, k, v);
    expect_same(want.scores, have.scores, want.scores.abs().max().item<double>(), "scores");
    compare(*reference, *exact, want.output, have.output, {q, k, v});
  }
}

TEST(ExactForms, OfCmta) {
  CmtaOptions options;
  options.patch_columns = 10;
  options.groups = {{0, 1}, {2}, {1, 3}};
  options.dim = 32;
  options.gene_hidden = 16;
  const at::Tensor bag = input("bag", {90, 10}), genes = input("genes", {1, 4});
  const auto all = [&](CmtaNet& net) {
    const CmtaOutput out = net->forward(bag, genes);
    return at::cat({out.logits, out.p, out.p_hat, out.g, out.g_hat}, 1);
  };
  for (const bool paper : {false, true}) {
    SCOPED_TRACE(paper);
    options.shared_attention = options.without_final_norm = options.without_repeats = paper;
    options.linear_embeddings = options.full_genes = paper;
    options.form = Form::reference;
    CmtaNet reference(options);
    options.form = Form::exact;
    CmtaNet exact(options);
    equip(*reference, *exact);
    compare(*reference, *exact, all(reference), all(exact), {bag, genes});
  }
}

TEST(ExactForms, OfTransMil) {
  FusionNetOptions options;
  options.bag = BagEncoder::transmil;
  options.bag_columns = 10;
  options.hidden = 32;
  FusionNet reference(options);
  options.form = Form::exact;
  FusionNet exact(options);
  equip(*reference, *exact);
  const at::Tensor bag = input("bag", {30, 10});
  compare(*reference, *exact, reference->forward(bag, {}).logits, exact->forward(bag, {}).logits,
          {bag});
}

}  // namespace exact_forms
}  // namespace tractrix::nn
