// The formula fill gives the check values that were published with the golden cases.
#include <gtest/gtest.h>

#include "support/golden.hpp"
#include "support/paths.hpp"

namespace tractrix::test {

TEST(Fill, GivesTheCheckValues) {
  const Json check =
      read_json(std::filesystem::path(testing::goldens_folder()) / "fill_check.json");
  ASSERT_EQ(check.size(), 2u);
  for (const auto& [key, values] : check.items()) {
    const at::Tensor filled = fill(key, {3});
    for (int64_t i = 0; i < 3; ++i)
      EXPECT_EQ(filled[i].item<double>(), values[static_cast<size_t>(i)].get<double>()) << key;
  }
}

TEST(Fill, ScalesAboutTheOffset) {
  const at::Tensor plain = fill("in/x", {2, 2}), moved = fill("in/x", {2, 2}, 0.5, 1);
  EXPECT_TRUE(at::equal(moved, 1 + 0.5 * plain));
}

TEST(GoldenCheck, SeesAWrongElementAndALeftOutOutput) {
  Golden golden =
      Golden::read(std::filesystem::path(testing::goldens_folder()) / "cmta/loss_cox.json");
  const at::Tensor right = golden.value("out/loss"), wrong = right * (1 + 1e-8);
  EXPECT_TRUE(golden.compare("out/loss", right).empty());
  EXPECT_EQ(golden.compare("out/loss", wrong).size(), 1u);
  EXPECT_EQ(golden.compare("out/loss", right.repeat(2)).size(), 1u);
  EXPECT_EQ(golden.compare("out/other", right).size(), 1u);
}

TEST(GoldenCheck, ComparesLargeTensorsByTheirSummary) {
  Golden golden =
      Golden::read(std::filesystem::path(testing::goldens_folder()) / "cmta/snn_small.json");
  const std::string key = "grad/param/fc_omic.0.0.weight";
  ASSERT_FALSE(golden.stored().has(key));
  EXPECT_FALSE(golden.compare(key, golden.value("param/fc_omic.0.0.weight")).empty());
}

}  // namespace tractrix::test
