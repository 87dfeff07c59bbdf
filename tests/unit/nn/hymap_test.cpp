// HyMap, the memory bank, and plans from given costs.
#include "tractrix/nn/hymap.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tractrix/geometry/poincare.hpp"
#include "tractrix/nn/memory_bank.hpp"
#include "tractrix/nn/transport.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace hymap_cases {

HyMapOptions small() {
  HyMapOptions options;
  options.patch_columns = 12;
  options.dim = 16;
  options.gene_columns = 7;
  return options;
}

HyMap made(const HyMapOptions& options) {
  draw_from(Seed(1));
  HyMap map(options);
  cast(*map, at::kCPU, at::kDouble);
  map->eval();
  return map;
}

at::Tensor weight(HyMap& map, const char* name) { return map->named_parameters()[name]; }

TEST(HyMap, LeavesAreScaledProjections) {
  HyMap map = made(small());
  const at::Tensor bag = normal(Seed(2), {5, 12}), genes = normal(Seed(3), {1, 7});
  const at::Tensor v =
      at::linear(bag, weight(map, "patch_projection.weight"), weight(map, "patch_projection.bias"));
  // 1/sqrt(16); float32 at first.
  EXPECT_TRUE(at::allclose(map->patches(bag), v / 4, 1e-6, 1e-8));
  const at::Tensor have = map->genes(genes);
  ASSERT_EQ(have.sizes(), at::IntArrayRef({7, 16}));
  for (int64_t g = 0; g < 7; ++g)
    EXPECT_TRUE(at::allclose(
        have[g], (genes[0][g] * weight(map, "gene_weight")[g] + weight(map, "gene_bias")[g]) / 4,
        1e-6, 1e-8));
}

// The point that a leaf stands for lies at distance 2|v| in the ball.
TEST(HyMap, VectorsAreTangentInPoincareScaling) {
  HyMap map = made(small());
  const at::Tensor v = map->patches(normal(Seed(2), {5, 12})), c = map->curvature();
  const at::Tensor p = geometry::poincare::exp0(v, c);
  const at::Tensor d = geometry::poincare::distance(p, at::zeros_like(p), c);
  EXPECT_TRUE(at::allclose(d, 2 * v.norm(2, {1}), 1e-9, 1e-12));
}

TEST(HyMap, GeneBagsAreProjectedRowByRow) {
  HyMapOptions options = small();
  options.genes = GeneInput::bag;
  HyMap map = made(options);
  const at::Tensor bag = normal(Seed(2), {9, 7}), all = map->genes(bag);
  ASSERT_EQ(all.sizes(), at::IntArrayRef({9, 16}));
  EXPECT_TRUE(at::allclose(map->genes(bag.narrow(0, 3, 1)), all.narrow(0, 3, 1), 1e-12, 1e-14));
}

TEST(HyMap, ScalesAndClipsByItsOptions) {
  HyMapOptions options = small();
  options.scale = FeatureScale::clip;
  options.feature_norm = 0.5;
  HyMap clip = made(options);
  EXPECT_FALSE(clip->named_parameters().contains("log_scale_patch"));
  EXPECT_NEAR(clip->patches(100 * normal(Seed(2), {5, 12})).norm(2, {1}).min().item<double>(), 0.5,
              1e-9);
  options.scale = FeatureScale::layer_norm;
  HyMap norm = made(options);
  // A LayerNorm's row has length sqrt(dim), the scale is 1/sqrt(dim).
  const at::Tensor lengths = norm->patches(normal(Seed(2), {5, 12})).norm(2, {1});
  EXPECT_TRUE(at::allclose(lengths, at::ones_like(lengths), 1e-3));
}

TEST(HyMap, CutsAtTheLargestRadiusAndSaysSo) {
  HyMapOptions options = small();
  options.radius = 6;
  options.curvature.initial = 4;
  HyMap map = made(options);
  at::Tensor bag = normal(Seed(2), {4, 12});
  EXPECT_EQ(map->clipped(map->patches(bag)).item<double>(), 0);
  bag[1] *= 1e6;
  bag[2] *= 1e-30;
  const at::Tensor v = map->patches(bag);
  EXPECT_NEAR(2 * 2 * v[1].norm().item<double>(), 6, 1e-6);
  EXPECT_EQ(map->clipped(v).item<double>(), 0.25);
}

TEST(HyMap, ClampKeepsScalesAndCurvatureInBounds) {
  HyMap map = made(small());
  EXPECT_FALSE(map->clamp());
  {
    const at::NoGradGuard no_grad;
    weight(map, "log_scale_gene").fill_(2);
    weight(map, "curvature").fill_(50);
  }
  EXPECT_TRUE(map->clamp());
  EXPECT_EQ(weight(map, "log_scale_gene").item<double>(), 0);
  EXPECT_NEAR(map->curvature().item<double>(), 10, 1e-6);
  EXPECT_FALSE(map->clamp());
}

// ---- memory bank

BankRows rows(int64_t first, int64_t n) {
  const at::Tensor id = at::arange(first, first + n);
  const at::Tensor value = id.to(at::kFloat);
  return {value.unsqueeze(1).expand({n, 3}), -value, value + 0.5, value.remainder(2), id};
}

TEST(MemoryBank, KeepsTheLastRowsInPlace) {
  MemoryBank bank(5, 3);
  const void* place = bank->named_buffers()["vector"].data_ptr();
  EXPECT_EQ(bank->rows().id.size(0), 0);
  bank->push(rows(0, 3));
  EXPECT_TRUE(at::equal(bank->rows().id, at::arange(3)));
  bank->push(rows(3, 4));  // 7 rows: 2 .. 6 stay
  bank->push(rows(7, 9));  // more than entries: 11 .. 15 stay
  const BankRows kept = bank->rows();
  EXPECT_TRUE(at::equal(std::get<0>(kept.id.sort()), at::arange(11, 16)));
  const at::Tensor value = kept.id.to(at::kFloat);
  EXPECT_TRUE(at::equal(kept.vector, value.unsqueeze(1).expand({5, 3})));
  EXPECT_TRUE(at::equal(kept.risk, -value));
  EXPECT_TRUE(at::equal(kept.time, value + 0.5));
  EXPECT_TRUE(at::equal(kept.event, value.remainder(2)));
  EXPECT_EQ(bank->named_buffers()["vector"].data_ptr(), place);
}

TEST(MemoryBank, IdsSurviveAChangeOfType) {
  MemoryBank bank(2, 3);
  const int64_t large = (int64_t{1} << 60) + 1;
  BankRows one = rows(0, 1);
  one.id = at::full({1}, large, at::kLong);
  bank->push(one);
  cast(*bank, at::kCPU, at::kDouble);
  EXPECT_EQ(bank->rows().id.item<int64_t>(), large);
  EXPECT_EQ(bank->rows().vector.scalar_type(), at::kDouble);
}

// ---- transport

TEST(Transport, OfGivenCostsIsThePlanOfTheirRows) {
  const at::Tensor x = normal(Seed(1), {9, 4}), y = normal(Seed(2), {3, 4});
  const Transport by_rows = transport(x, y, {}),
                  by_cost = transport_of_cost(3 * transport_cost(x, y), {});
  EXPECT_TRUE(at::allclose(by_rows.plan, by_cost.plan, 1e-9, 1e-14));
  const Transport nothing = transport_of_cost(at::zeros({4, 2}), {});
  EXPECT_TRUE(nothing.plan.isfinite().all().item<bool>());
}

}  // namespace hymap_cases
}  // namespace tractrix::nn
