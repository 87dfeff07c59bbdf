// Folds in several processes, repetitions over seeds and sweeps, through the executable.
#include <gmock/gmock.h>

#include <regex>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"

namespace tractrix {
namespace {

using ::testing::HasSubstr;
using testing::start_and_signal;
using testing::TemporaryFolder;
using testing::tractrix;

const std::string kConfig = testing::source_folder() + "/configs/snn/ucec.yaml";

std::string arguments_of(const TemporaryFolder& folder, const std::string& name) {
  return "crossval " + kConfig + " run.out=" + folder.path().string() + " run.name=" + name +
         " run.threads=1 train.epochs=2";
}

std::string results_of(const std::filesystem::path& fold) {
  return read_file(fold / "predictions_last.csv") + read_file(fold / "predictions_best.csv") +
         std::regex_replace(read_file(fold / "metrics.jsonl"), std::regex("\"seconds\":[0-9.e-]+"),
                            "") +
         sha256_of_file(fold / "last.safetensors") + sha256_of_file(fold / "best.safetensors");
}

void expect_same_run(const std::filesystem::path& a, const std::filesystem::path& b) {
  for (int k = 0; k < 5; ++k) {
    const auto fold = "fold_" + std::to_string(k);
    EXPECT_EQ(results_of(a / fold), results_of(b / fold)) << fold;
  }
}

TEST(Jobs, GiveTheFilesOfOneProcess) {
  TemporaryFolder folder;
  const auto one = tractrix(arguments_of(folder, "one"));
  ASSERT_EQ(one.code, 0) << one.output;
  const auto two = tractrix(arguments_of(folder, "two") + " --jobs 2");
  ASSERT_EQ(two.code, 0) << two.output;
  expect_same_run(folder / "one", folder / "two");
  EXPECT_THAT(two.output, HasSubstr("fold 4  epoch 2/2"));
  EXPECT_THAT(two.output, HasSubstr("best on reported*"));
  EXPECT_THAT(read_file(folder / "two" / "fold_3" / "log.txt"), HasSubstr("fold 3  epoch 2/2"));
  auto want = read_json(folder / "one" / "summary.json");
  auto got = read_json(folder / "two" / "summary.json");
  EXPECT_EQ(want["folds"], got["folds"]);
}

TEST(Jobs, ASignalIsPassedOnAndTheRunGoesOn) {
  TemporaryFolder folder;
  ASSERT_EQ(tractrix(arguments_of(folder, "whole") + " train.epochs=30").code, 0);
  int stopped = 0;
  for (int i = 0; i < 6 && stopped < 2; ++i) {
    const int code = start_and_signal(
        {"crossval", kConfig, "run.out=" + folder.path().string(), "run.name=stopped",
         "run.threads=1", "train.epochs=30", "--jobs", "2", "--resume"},
        std::chrono::milliseconds(1300 + 150 * i), SIGTERM);
    ASSERT_TRUE(code == 0 || code == 75) << code;
    stopped += code == 75;
  }
  EXPECT_GT(stopped, 0) << "no signal met running workers";
  const auto ran = tractrix(arguments_of(folder, "stopped") + " train.epochs=30 --jobs 2 --resume");
  ASSERT_EQ(ran.code, 0) << ran.output;
  expect_same_run(folder / "whole", folder / "stopped");
}

TEST(Jobs, AFailedWorkerIsNamedWithItsLog) {
  TemporaryFolder folder;
  ASSERT_EQ(tractrix(arguments_of(folder, "run")).code, 0);
  write_file(folder / "run" / "fold_1" / "state.safetensors", "no state");
  const auto ran = tractrix(arguments_of(folder, "run") + " --jobs 2 --resume");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("fold 1: failed with exit code 2"));
  EXPECT_THAT(ran.output, HasSubstr("fold_1/state.safetensors"));
  EXPECT_THAT(ran.output, HasSubstr("its log is"));
  EXPECT_THAT(ran.output, HasSubstr("fold_1/log.txt"));
}

TEST(Sweep, SeedsAreRunsOfTheirOwnWithATable) {
  TemporaryFolder folder;
  const auto ran = tractrix(arguments_of(folder, "seeds") + " --seeds 1,2");
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("seed 2"));
  EXPECT_THAT(ran.output, HasSubstr("over seeds"));
  EXPECT_THAT(ran.output, HasSubstr("+-"));
  ASSERT_EQ(tractrix(arguments_of(folder, "two") + " run.seed=2").code, 0);
  expect_same_run(folder / "two", folder / "seeds" / "seed_2");
  EXPECT_THAT(tractrix("eval " + (folder / "seeds").string()).output, HasSubstr("over seeds"));
  const auto again = tractrix(arguments_of(folder, "seeds") + " --seeds 1,2");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.output, HasSubstr("this sweep is already there"));
}

TEST(Sweep, ResumeGoesOnAtTheUnfinishedPoint) {
  TemporaryFolder folder;
  const std::string sweep =
      arguments_of(folder, "sweep") + " --sweep train.lr=1e-4,2e-4 --sweep train.clip=1";
  const auto ran = tractrix(sweep);
  ASSERT_EQ(ran.code, 0) << ran.output;
  const auto rows = read_json(folder / "sweep" / "summary.json").at("rows");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].at("mean C-index"), "train.lr=1e-4");
  EXPECT_EQ(rows[2].at("mean C-index"), "train.clip=1");
  const auto kept = results_of(folder / "sweep" / "train.clip=1" / "fold_2");
  std::filesystem::remove_all(folder / "sweep" / "train.clip=1");
  const auto metrics = folder / "sweep" / "train.lr=1e-4" / "fold_0" / "last.safetensors";
  const auto before = std::filesystem::last_write_time(metrics);
  const auto resumed = tractrix(sweep + " --resume");
  ASSERT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_EQ(results_of(folder / "sweep" / "train.clip=1" / "fold_2"), kept);
  EXPECT_EQ(std::filesystem::last_write_time(metrics), before) << "a finished point ran again";
  EXPECT_EQ(read_json(folder / "sweep" / "summary.json").at("rows"), rows);
}

TEST(Sweep, AGridHasEveryCombination) {
  TemporaryFolder folder;
  const auto ran = tractrix(arguments_of(folder, "grid") +
                            " --sweep train.lr=1e-4,2e-4 --sweep train.clip=0,1 --grid --fold 0");
  ASSERT_EQ(ran.code, 0) << ran.output;
  for (const char* point : {"train.lr=1e-4,train.clip=0", "train.lr=1e-4,train.clip=1",
                            "train.lr=2e-4,train.clip=0", "train.lr=2e-4,train.clip=1"})
    EXPECT_TRUE(std::filesystem::exists(folder / "grid" / point / "run.json")) << point;
}

TEST(Sweep, AWrongKeyStopsBeforeAnythingRuns) {
  TemporaryFolder folder;
  const auto ran =
      tractrix(arguments_of(folder, "wrong") + " --sweep train.lr=1e-4 --sweep train.epoch=3,4");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("unknown key 'train.epoch' (did you mean 'epochs'?)"));
  EXPECT_FALSE(std::filesystem::exists(folder / "wrong"));
  EXPECT_THAT(tractrix(arguments_of(folder, "wrong") + " --sweep train.lr").output,
              HasSubstr("key=v1,v2 was expected"));
}

}  // namespace
}  // namespace tractrix
