// The program on patients that lack a modality: real RNA and copy numbers of BLCA as two
// modalities.
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/eval/predictions.hpp"

namespace tractrix {
namespace missing_runs {

using ::testing::HasSubstr;
using testing::source_folder;
using testing::TemporaryFolder;
using testing::tractrix;

const std::string kMust = source_folder() + "/configs/must/blca_rna_cnv.yaml";
const std::string kShort =
    " run.threads=1 recipe.dim=16 recipe.subspace.rank=4 recipe.trunk.attention.heads=2"
    " recipe.trunk.attention.feedforward=16 recipe.missing.heads=2 recipe.missing.layers=1"
    " recipe.missing.feedforward=16 recipe.missing.time_hidden=16 recipe.missing.steps=3"
    " train.epochs=1 train.stages.fill.steps=12 run.name=must";

std::vector<double> risks(const std::filesystem::path& file) {
  std::vector<double> all;
  for (const auto& row : eval::read_predictions(file).rows) all.push_back(row.risk);
  return all;
}

TEST(Missing, OneRunPredictsWithAndWithoutEachModality) {
  const TemporaryFolder folder;
  const std::string out = " run.out=" + folder.path().string();
  const auto ran = tractrix("train " + kMust + " --fold 0" + kShort + out +
                            " data.withhold.train.input=rna data.withhold.train.rate=0.3");
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("withheld"));
  EXPECT_THAT(ran.output, HasSubstr("fill_g"));
  const std::string run = (folder.path() / "must").string();
  const auto predict = [&](const std::string& name, const std::string& words) {
    const auto file = folder.path() / (name + ".csv");
    const auto said = tractrix("predict " + run + " --out " + file.string() + " --as-run " +
                               (folder.path() / name).string() + " " + words);
    EXPECT_EQ(said.code, 0) << said.output;
    return risks(file);
  };
  const auto all = predict("all", ""),
             no_rna = predict("no_rna", "data.withhold.reported.input=rna"),
             no_cnv = predict("no_cnv", "data.withhold.reported.input=cnv"),
             some = predict("some",
                            "data.withhold.reported.input=any data.withhold.reported.rate=0.5");
  EXPECT_EQ(all, risks(folder.path() / "must/fold_0/predictions_last.csv"));
  // What else is in a batch moves a result by rounding, never its draws.
  const auto same = [](double a, double b) { return std::abs(a - b) < 1e-6; };
  size_t changed = 0, as_one = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_NE(all[i], no_rna[i]);
    EXPECT_NE(all[i], no_cnv[i]);
    changed += !same(some[i], all[i]);
    as_one += same(some[i], no_rna[i]) || same(some[i], no_cnv[i]);
  }
  EXPECT_GT(changed, all.size() / 4);
  EXPECT_LT(changed, 3 * all.size() / 4);
  EXPECT_EQ(as_one, changed);
  const auto report = tractrix("report " + (folder.path() / "no_rna").string());
  EXPECT_EQ(report.code, 0) << report.output;
  EXPECT_THAT(report.output, HasSubstr("data.withhold.reported.input=rna"));
}

TEST(Missing, ARecipeThatCannotDoWithoutRefuses) {
  const auto ran = tractrix("train " + source_folder() +
                            "/configs/snn/ucec.yaml --fold 0 --dry-run"
                            " data.withhold.reported.input=genomics");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("cannot do without 'genomics'"));
  EXPECT_THAT(ran.output, HasSubstr("hint: "));
  const auto unknown =
      tractrix("train " + kMust + " --fold 0 --dry-run data.withhold.train.input=protein");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.output, HasSubstr("names the input 'protein'"));
}

}  // namespace missing_runs
}  // namespace tractrix
