// Projections stay projections, whatever an optimizer does to their parameters.
#include "tractrix/nn/subspace.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/optim/adam.h>

#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace subspace_facts {

double off_identity(const at::Tensor& b) {
  const at::Tensor gram = b.detach().to(at::kDouble).t().matmul(b.detach().to(at::kDouble));
  return (gram - at::eye(b.size(1), gram.options())).abs().max().item<double>();
}

TEST(Subspace, TheCompactFormIsTheProductOfReflectors) {
  for (const auto& [dim, rank] : {std::pair<int64_t, int64_t>{9, 4}, {6, 6}, {5, 1}}) {
    const at::Tensor x = normal(Seed(1), {dim, rank}).requires_grad_(true);
    const at::Tensor v = x.tril(-1);
    const at::Tensor tau = 2 / (1 + v.square().sum(0));
    const at::Tensor loop =
        at::linalg_householder_product(v + at::eye(dim, rank, x.options()), tau);
    const at::Tensor compact = householder_columns(x);
    EXPECT_TRUE(at::allclose(loop, compact, 1e-12, 1e-13));
    const at::Tensor probe = normal(Seed(2), {dim, rank});
    const auto slope = [&](const at::Tensor& y) {
      return torch::autograd::grad({(y * probe).sum()}, {x})[0];
    };
    EXPECT_TRUE(at::allclose(slope(loop), slope(compact), 1e-10, 1e-11));
  }
}

// 1,000 Adam steps towards a random target, in float: rounding must not pile up.
TEST(Subspace, StaysOrthonormalOverAThousandSteps) {
  at::set_num_threads(1);  // in small cases waiting threads cost more than they bring
  for (const auto kind : {SubspaceKind::householder, SubspaceKind::qr, SubspaceKind::stiefel}) {
    draw_from(Seed(3));
    Subspace space(SubspaceOptions{64, 16, kind});
    const at::Tensor start = space->basis().detach().clone();
    EXPECT_LT(off_identity(start), 1e-6);
    torch::optim::Adam adam(space->parameters(), torch::optim::AdamOptions(1e-2));
    const at::Tensor x = normal(Seed(4), {32, 64}).to(at::kFloat),
                     y = normal(Seed(5), {32, 64}).to(at::kFloat);
    double first = 0, last = 0;
    for (int i = 0; i < 1000; ++i) {
      adam.zero_grad();
      const at::Tensor loss = (project_onto(space->basis(), x) - y).square().mean();
      loss.backward();
      adam.step();
      space->retract();
      (i == 0 ? first : last) = loss.item<double>();
    }
    EXPECT_LT(last, first);
    const at::Tensor basis = space->basis().detach();
    EXPECT_GT((basis - start).abs().max().item<double>(), 0.1);
    EXPECT_LT(off_identity(basis), 1e-6) << static_cast<int>(kind);
    const at::Tensor once = project_onto(basis, x);
    EXPECT_LT((project_onto(basis, once) - once).abs().max().item<double>(), 1e-5);
    EXPECT_LT(project_off(basis, once).abs().max().item<double>(), 1e-5);
  }
}

// What each projection leaves is orthogonal to what it takes: their cosine carries no gradient.
TEST(Subspace, BothPartsOfAVectorAreOrthogonalWithoutGradient) {
  draw_from(Seed(6));
  Subspace space(SubspaceOptions{32, 8, SubspaceKind::householder});
  cast(*space, at::kCPU, at::kDouble);
  const at::Tensor u = normal(Seed(7), {1, 32}), c = normal(Seed(8), {1, 32});
  const at::Tensor cosine = at::cosine_similarity(project_off(space->basis(), u),
                                                  project_onto(space->basis(), c), 1, 1e-8);
  EXPECT_LT(cosine.abs().item<double>(), 1e-14);
  const auto slope = torch::autograd::grad({cosine.sum()}, space->parameters())[0];
  EXPECT_LT(slope.abs().max().item<double>(), 1e-6);
}

TEST(Subspace, AFreeBasisHasAPenalty) {
  draw_from(Seed(9));
  Subspace space(SubspaceOptions{8, 3, SubspaceKind::free});
  EXPECT_LT(space->penalty().item<double>(), 1e-10);
  const at::NoGradGuard no_grad;
  space->parameters().front().mul_(2);  // B^T B = 4 I
  EXPECT_NEAR(space->penalty().item<double>(), 27, 1e-4);
}

TEST(Subspace, RefusesARankAboveItsWidth) {
  EXPECT_THROW(Subspace(SubspaceOptions{8, 9, SubspaceKind::qr}), c10::Error);
  EXPECT_THROW(Subspace(SubspaceOptions{8, 0, SubspaceKind::qr}), c10::Error);
}

}  // namespace subspace_facts
}  // namespace tractrix::nn
