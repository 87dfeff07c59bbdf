#include "tractrix/survival/concordance_error.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/cases.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

TEST(ConcordanceErrorGoldens, EqualR) {
  int64_t compared = 0;
  for (const std::string stem : {"cindex_n7", "cindex_n50", "cindex_n500", "cindex_n3000"}) {
    const CaseFile file(kGoldens / stem);
    for (const auto& name : file.names()) {
      SCOPED_TRACE(stem + " " + name + ": " + file.about(name));
      const double expected = file.scalar(name, "out/R/n/std");
      if (std::isnan(expected)) continue;
      const auto result =
          concordance_error(file.doubles(name, "in/time"), file.bytes(name, "in/event"),
                            file.doubles(name, "in/risk"), 0);
      EXPECT_TRUE(test::close(result.standard_error, expected))
          << result.standard_error << " not " << expected;
      EXPECT_TRUE(test::close(result.index, file.scalar(name, "out/R/n/c")));
      ++compared;
    }
  }
  EXPECT_GE(compared, 30);
}

TEST(ConcordanceError, RefusesAllCensored) {
  EXPECT_THROW(concordance_error(std::vector<double>{1, 2}, std::vector<uint8_t>{0, 0},
                                 std::vector<double>{1, 2}),
               Error);
}

}  // namespace
}  // namespace tractrix::survival
