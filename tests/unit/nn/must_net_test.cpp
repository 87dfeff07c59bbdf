// The decomposition of MUST: Eq. 7 to 11, and what the sheets ask of it.
#include "tractrix/nn/must_net.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace must_facts {

MustOptions small(bool bag, Form form = Form::exact) {
  MustOptions o;
  o.trunk.dim = 16;
  o.trunk.form = form;
  o.trunk.attention.heads = 2;
  o.trunk.attention.feedforward = 24;
  if (bag)
    o.p.columns = 10;
  else
    o.p.groups = {{0, 1}, {2, 3, 4}};
  o.g.groups = {{0, 1, 2}, {3, 4}, {1, 5}};
  o.rank = 4;
  o.head_hidden = 8;
  return o;
}

MustNet made(const MustOptions& options) {
  at::set_num_threads(1);
  draw_from(Seed(1));
  MustNet net(options);
  cast(*net, at::kCPU, at::kDouble);
  net->eval();
  return net;
}

at::Tensor first_of(bool bag) { return bag ? normal(Seed(2), {7, 10}) : normal(Seed(2), {2, 5}); }
at::Tensor second_of(bool bag) { return normal(Seed(3), {bag ? 1 : 2, 6}); }

TEST(MustNet, OwnPartsLieOffTheSubspaceAndSharedOnesInIt) {
  for (const bool bag : {true, false}) {
    auto net = made(small(bag));
    const auto x = net->forward(first_of(bag), second_of(bag));
    const at::Tensor basis = net->subspace()->basis();
    for (const auto& u : {x.u_p, x.u_g}) {
      ASSERT_EQ(u.sizes(), at::IntArrayRef({bag ? 1 : 2, 16}));
      EXPECT_LT(project_onto(basis, u).abs().max().item<double>(), 1e-12);
      EXPECT_GT(u.abs().max().item<double>(), 1e-3);
    }
    for (const auto& c : {x.c_pg, x.c_gp}) {
      EXPECT_LT(project_off(basis, c).abs().max().item<double>(), 1e-12);
      EXPECT_GT(c.abs().max().item<double>(), 1e-3);
    }
    // What the intra-modal cosines of Eq. 15 then are: rounding noise.
    EXPECT_LT(at::cosine_similarity(x.u_p, x.c_pg).abs().max().item<double>(), 1e-12);
  }
}

TEST(MustNet, ExactFormsAreTheWrittenOnes) {
  for (const bool bag : {true, false}) {
    auto exact = made(small(bag)), written = made(small(bag, Form::reference));
    const auto a = exact->forward(first_of(bag), second_of(bag)),
               b = written->forward(first_of(bag), second_of(bag));
    for (const auto& [x, y] : {std::pair{a.g_p, b.g_p}, {a.c_pg, b.c_pg}, {a.c_gp, b.c_gp}})
      EXPECT_TRUE(at::allclose(x, y, 1e-8, 1e-10));
  }
}

// Where Eq. 10 holds and both directions agree, what a test without one modality has is what the
// complete one has: c~ = g - u, and the head cannot tell when the own part is the true one.
TEST(MustNet, AnExactDecompositionNeedsOneModalityOnly) {
  auto net = made(small(true));
  const auto x = net->forward(first_of(true), second_of(true));
  const at::Tensor basis = net->subspace()->basis(), c = x.c_pg, g_p = x.u_p + c;
  EXPECT_TRUE(at::allclose(project_onto(basis, g_p), c, 1e-10, 1e-12));
  EXPECT_TRUE(at::allclose(project_off(basis, g_p), x.u_p, 1e-10, 1e-12));
  const at::Tensor complete = net->classify(x.u_p, c, x.u_g),
                   alone = net->classify(x.u_p, g_p - x.u_p, x.u_g);
  EXPECT_TRUE(at::allclose(complete, alone, 1e-10, 1e-12));
}

TEST(MustNet, OneModalityAloneHasItsOwnPartAndNoSharedOne) {
  auto net = made(small(true));
  const auto whole = net->forward(first_of(true), second_of(true));
  const auto x = net->forward(first_of(true), {});
  EXPECT_TRUE(at::equal(x.g_p, whole.g_p));
  EXPECT_TRUE(at::equal(x.u_p, whole.u_p));
  EXPECT_FALSE(x.c_pg.defined() || x.c_gp.defined() || x.g_g.defined());
}

TEST(MustNet, AClassTokenMayAskAlone) {
  auto options = small(true);
  options.query = CrossQuery::class_token;
  options.cross_heads = 2;
  auto net = made(options);
  const auto x = net->forward(first_of(true), second_of(true));
  EXPECT_EQ(x.c_pg.sizes(), at::IntArrayRef({1, 16}));
  for (const auto& item : net->named_parameters())
    EXPECT_FALSE(item.key().starts_with("p.c.")) << item.key();
}

}  // namespace must_facts
}  // namespace tractrix::nn
