#include "tractrix/core/seed.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tractrix {
namespace {

TEST(Seed, ChildrenAreDistinctAndReproducible) {
  const Seed run(1);
  std::set<uint64_t> keys;
  for (uint64_t fold = 0; fold < 10; ++fold)
    for (uint64_t step = 0; step < 1000; ++step)
      keys.insert(run.at("fold", fold).at("step", step).key());
  EXPECT_EQ(keys.size(), 10000u);
  EXPECT_EQ(run.at("fold", 3).key(), Seed(1).at("fold", 3).key());
  EXPECT_NE(run.at("fold", 3).key(), Seed(2).at("fold", 3).key());
  EXPECT_NE(run.at("a").at("b").key(), run.at("b").at("a").key());
  EXPECT_NE(run.at("order", "TCGA-1").key(), run.at("order", "TCGA-2").key());
}

TEST(Seed, UniformIsUniform) {
  const Seed stream = Seed(7).at("draws");
  double sum = 0, square = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform(static_cast<uint64_t>(i));
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    square += u * u;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(square / kDraws, 1.0 / 3, 0.005);
}

}  // namespace
}  // namespace tractrix
