// Cross-validation through the executable: whole runs, killed runs, stopped runs, refused runs.
#include <gmock/gmock.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/seed.hpp"

namespace tractrix {
namespace {

using ::testing::HasSubstr;
using testing::shell;
using testing::start_and_signal;
using testing::TemporaryFolder;
using testing::tractrix;

const std::string kConfig = testing::source_folder() + "/configs/snn/ucec.yaml";

std::string run_arguments(const TemporaryFolder& folder, const std::string& name) {
  return kConfig + " run.out=" + folder.path().string() + " run.name=" + name +
         " run.threads=1 train.epochs=5";
}

// Everything that must not depend on when a run was stopped; times are left out.
std::string results_of(const std::filesystem::path& fold) {
  const auto metrics = std::regex_replace(read_file(fold / "metrics.jsonl"),
                                          std::regex("\"seconds\":[0-9.e-]+"), "");
  return read_file(fold / "predictions_last.csv") + read_file(fold / "predictions_best.csv") +
         metrics + sha256_of_file(fold / "last.safetensors") +
         sha256_of_file(fold / "best.safetensors");
}

class Crossval : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    whole_ = new testing::Ran(tractrix("crossval " + run_arguments(*folder_, "whole")));
  }
  static void TearDownTestSuite() {
    delete whole_;
    delete folder_;
  }
  static void expect_equal_to_whole(const std::string& name) {
    for (int k = 0; k < 5; ++k) {
      const std::string fold = "fold_" + std::to_string(k);
      EXPECT_EQ(results_of(*folder_ / "whole" / fold), results_of(*folder_ / name / fold))
          << name << " " << fold;
    }
  }
  // When any fold of a run was saved last.
  static std::filesystem::file_time_type last_save(const std::string& name) {
    auto latest = std::filesystem::file_time_type::min();
    for (int k = 0; k < 5; ++k) {
      std::error_code none;
      const auto file = *folder_ / name / ("fold_" + std::to_string(k)) / "state.safetensors";
      const auto time = std::filesystem::last_write_time(file, none);
      if (!none) latest = std::max(latest, time);
    }
    return latest;
  }
  static TemporaryFolder* folder_;
  static testing::Ran* whole_;
};
TemporaryFolder* Crossval::folder_ = nullptr;
testing::Ran* Crossval::whole_ = nullptr;

TEST_F(Crossval, TrainsFiveFoldsAndPrintsTheTable) {
  ASSERT_EQ(whole_->code, 0) << whole_->output;
  EXPECT_THAT(whole_->output, HasSubstr("ucec: 480 patients, 75 events"));
  EXPECT_THAT(whole_->output, HasSubstr("best on reported*"));
  EXPECT_THAT(whole_->output, HasSubstr("std (population)"));
  for (const char* file : {"config.yaml", "run.json", "log.txt", "summary.json", "summary.md",
                           "fold_4/state.safetensors"}) {
    EXPECT_TRUE(std::filesystem::exists(*folder_ / "whole" / file)) << file;
  }
}

TEST_F(Crossval, EveryEpochHasAValidationLoss) {
  std::istringstream lines(read_file(*folder_ / "whole" / "fold_1" / "metrics.jsonl"));
  int epochs = 0;
  for (std::string line; std::getline(lines, line); ++epochs) {
    const auto metrics = Json::parse(line);
    EXPECT_GT(metrics.at("val").at("loss").at("nll").get<double>(), 0) << line;
    EXPECT_NE(metrics.at("val").at("loss").at("nll"), metrics.at("loss").at("nll")) << line;
  }
  EXPECT_EQ(epochs, 5);
  EXPECT_THAT(whole_->output, HasSubstr("val nll"));
}

TEST_F(Crossval, OnlyATerminalGetsAProgressBar) {
  EXPECT_THAT(whole_->output, ::testing::Not(HasSubstr("##")));
  EXPECT_THAT(whole_->output, ::testing::Not(HasSubstr("\033[K")));
  const auto seen = testing::in_terminal("crossval " + run_arguments(*folder_, "terminal") +
                                         " train.epochs=40 --fold 0");
  ASSERT_EQ(seen.code, 0) << seen.output;
  EXPECT_THAT(seen.output, HasSubstr("[####"));
  EXPECT_THAT(seen.output, HasSubstr(" left"));
}

TEST_F(Crossval, TheSameSeedGivesTheSameBits) {
  ASSERT_EQ(tractrix("crossval " + run_arguments(*folder_, "again")).code, 0);
  expect_equal_to_whole("again");
}

TEST_F(Crossval, AFoldAloneEqualsTheFoldAmongFive) {
  const auto ran = tractrix("crossval " + run_arguments(*folder_, "alone") + " --fold 2");
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_EQ(results_of(*folder_ / "whole" / "fold_2"), results_of(*folder_ / "alone" / "fold_2"));
}

TEST_F(Crossval, KilledFiftyTimesItEndsWithTheSameBits) {
  const std::vector<std::string> arguments{"crossval",
                                           kConfig,
                                           "run.out=" + folder_->path().string(),
                                           "run.name=killed",
                                           "run.threads=1",
                                           "train.epochs=5",
                                           "run.save_every=0.001",
                                           "--resume"};
  const Seed moments = Seed(11).at("kill");
  int in_training = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    const auto before = last_save("killed");
    // One kill in five at any moment from the start on, the others once training has begun to save.
    const bool anywhere = i % 5 == 0;
    const auto after =
        std::chrono::milliseconds(static_cast<int>((anywhere ? 1000 : 100) * moments.uniform(i)));
    const int code = start_and_signal(
        arguments, [&] { return anywhere || last_save("killed") != before; }, after, SIGKILL);
    ASSERT_TRUE(code == 0 || code == 128 + SIGKILL) << "exit code " << code;
    in_training += code != 0 && last_save("killed") != before;
    if (code == 0) {  // it got through: start over and go on killing
      expect_equal_to_whole("killed");
      std::filesystem::remove_all(*folder_ / "killed");
    }
  }
  EXPECT_GE(in_training, 30) << "too few kills met a running training";
  const auto ran =
      tractrix("crossval " + run_arguments(*folder_, "killed") + " run.save_every=0.001 --resume");
  ASSERT_EQ(ran.code, 0) << ran.output;
  expect_equal_to_whole("killed");
}

TEST_F(Crossval, SigtermSavesAndExitsWith75) {
  const std::vector<std::string> arguments{
      "crossval",         kConfig,         "run.out=" + folder_->path().string(),
      "run.name=stopped", "run.threads=1", "train.epochs=5",
      "--resume"};
  int stopped = 0;
  for (int i = 0; i < 8; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const int code = start_and_signal(arguments, std::chrono::milliseconds(550 + 40 * i), SIGTERM);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    ASSERT_TRUE(code == 0 || code == 75 || code == 128 + SIGTERM) << code;
    stopped += code == 75;
  }
  const auto ran = tractrix("crossval " + run_arguments(*folder_, "stopped") + " --resume");
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_GT(stopped, 0) << "no signal met a running training";
  expect_equal_to_whole("stopped");
}

TEST_F(Crossval, AFullDiskIsNamedAndTheRunGoesOnLater) {
  // A limit on the size of files stands for a full disk: writes fail in the middle of a file.
  const auto full = shell("trap '' XFSZ; ulimit -f 100; exec " + testing::program_file() +
                          " crossval " + run_arguments(*folder_, "full"));
  EXPECT_EQ(full.code, 2) << full.output;
  EXPECT_THAT(full.output, HasSubstr("cannot be written: File too large"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder_ / "full")) {
    EXPECT_THAT(entry.path().string(), ::testing::Not(HasSubstr("tractrix-tmp")))
        << "a half-written file was left";
  }
  ASSERT_EQ(tractrix("crossval " + run_arguments(*folder_, "full") + " --resume").code, 0);
  expect_equal_to_whole("full");
}

TEST_F(Crossval, ADamagedStateIsNamed) {
  std::filesystem::copy(*folder_ / "whole", *folder_ / "damaged",
                        std::filesystem::copy_options::recursive);
  auto bytes = read_file(*folder_ / "damaged" / "fold_1" / "state.safetensors");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(*folder_ / "damaged" / "fold_1" / "state.safetensors", bytes);
  const auto ran = tractrix("crossval " + run_arguments(*folder_, "damaged") + " --resume");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("fold_1/state.safetensors: is damaged"));
}

TEST_F(Crossval, AnotherNumberOfThreadsIsNoted) {
  const auto file = *folder_ / "whole" / "run.json";
  const std::string before = read_file(file);
  write_file(file, std::regex_replace(before, std::regex("\"threads\": 1"), "\"threads\": 7"));
  const auto ran = tractrix("crossval " + run_arguments(*folder_, "whole") + " --resume");
  write_file(file, before);
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.output, HasSubstr("expected for the same bits: run.threads=7"));
}

TEST_F(Crossval, AnExistingRunIsNeverOverwrittenInSilence) {
  const auto ran = tractrix("crossval " + run_arguments(*folder_, "whole"));
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("this run is already there"));
  EXPECT_THAT(ran.output, HasSubstr("hint: go on with --resume"));
  const auto other =
      tractrix("crossval " + run_arguments(*folder_, "whole") + " train.lr=1e-3 --resume");
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.output, HasSubstr("was started with another config"));
}

TEST_F(Crossval, EvalReadsARunAndItsTables) {
  const auto run = tractrix("eval " + (*folder_ / "whole").string());
  EXPECT_EQ(run.code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("pooled"));
  const auto table =
      tractrix("eval " + (*folder_ / "whole" / "fold_0" / "predictions_last.csv").string());
  EXPECT_EQ(table.code, 0) << table.output;
  EXPECT_THAT(table.output, HasSubstr("concordant"));
}

}  // namespace
}  // namespace tractrix
