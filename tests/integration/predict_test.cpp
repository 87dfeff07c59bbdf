// Trained models on cohorts, through the executable: the run's own patients, a table without
// labels, another cohort, attention.
#include <gmock/gmock.h>

#include <sstream>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/eval/predictions.hpp"

namespace tractrix {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::tractrix;

const std::string kConfigs = testing::source_folder() + "/configs";

std::string lines_without(const std::string& text, const std::string& start) {
  std::istringstream in(text);
  std::string kept, line;
  while (std::getline(in, line))
    if (!line.starts_with(start)) kept += line + "\n";
  return kept;
}

class Predict : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    trained_ = new testing::Ran(tractrix("crossval " + kConfigs +
                                         "/snn/ucec.yaml run.out=" + folder_->path().string() +
                                         " run.name=run run.threads=1 train.epochs=2 "
                                         "split.inner_val=0.15"));
  }
  static void TearDownTestSuite() {
    delete trained_;
    delete folder_;
  }
  void SetUp() override { ASSERT_EQ(trained_->code, 0) << trained_->output; }
  static std::string path(const std::string& name) { return (*folder_ / name).string(); }
  // The shipped table with some columns left out, as a config beside it.
  static std::string cohort_without(const std::string& name, const std::string& ending);
  static TemporaryFolder* folder_;
  static testing::Ran* trained_;
};
TemporaryFolder* Predict::folder_ = nullptr;
testing::Ran* Predict::trained_ = nullptr;

std::string Predict::cohort_without(const std::string& name, const std::string& ending) {
  const auto table = CsvTable::read(testing::data_folder() + "/tcga/ucec/all_clean_sig.csv.gz");
  std::vector<int64_t> kept;
  for (int64_t c = 0; c < table.columns(); ++c)
    if (!table.header()[static_cast<size_t>(c)].ends_with(ending)) kept.push_back(c);
  std::string text;
  const auto add = [&](auto&& cell) {
    for (size_t i = 0; i < kept.size(); ++i) text += (i > 0 ? "," : "") + csv_field(cell(kept[i]));
    text += "\n";
  };
  add([&](int64_t c) { return std::string_view(table.header()[static_cast<size_t>(c)]); });
  for (int64_t r = 0; r < 40; ++r) add([&](int64_t c) { return table.at(r, c); });
  write_file(*folder_ / (name + ".csv"), text);
  write_file(*folder_ / (name + ".yaml"), "extends: [" + kConfigs +
                                              "/base/genomics.yaml]\ndata: {cohort: " + name +
                                              ", table: " + name + ".csv}\n");
  return path(name + ".yaml");
}

TEST_F(Predict, TheFoldsOwnPatientsGetTheBitsOfTheRun) {
  const auto all = tractrix("predict " + path("run") + " --out " + path("all.csv"));
  ASSERT_EQ(all.code, 0) << all.output;
  EXPECT_THAT(all.output, HasSubstr("480 predictions of 5 models"));
  std::string expected;
  for (int k = 0; k < 5; ++k) {
    const auto fold = "fold_" + std::to_string(k);
    const auto text = read_file(*folder_ / "run" / fold / "predictions_last.csv");
    expected += k == 0 ? text : lines_without(text, "case_id");
    for (const std::string which : {"last", "best", "inner"}) {
      const auto one = tractrix("predict " + path("run/" + fold + "/" + which + ".safetensors") +
                                " --patients val --out " + path("one.csv"));
      ASSERT_EQ(one.code, 0) << one.output;
      EXPECT_EQ(read_file(*folder_ / "one.csv"),
                read_file(*folder_ / "run" / fold / ("predictions_" + which + ".csv")));
    }
  }
  EXPECT_EQ(read_file(*folder_ / "all.csv"), expected);
}

TEST_F(Predict, ACohortWithoutLabelsIsPredicted) {
  const auto config = cohort_without("bare", "_months");
  const auto ran = tractrix("predict " + path("run") + " --fold 1 --fold 3 --config " + config +
                            " --out " + path("bare_out.csv"));
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("the table has no column 'survival_months'"));
  EXPECT_THAT(ran.output, HasSubstr("nothing to compare the risks with"));
  const auto bare = eval::read_predictions(*folder_ / "bare_out.csv");
  const auto labelled = tractrix("predict " + path("run") + " --fold 1 --fold 3 --config " +
                                 cohort_without("full", "none") + " --out " + path("full_out.csv"));
  ASSERT_EQ(labelled.code, 0) << labelled.output;
  EXPECT_THAT(labelled.output, HasSubstr("C-index"));
  const auto full = eval::read_predictions(*folder_ / "full_out.csv");
  ASSERT_EQ(bare.rows.size(), full.rows.size());
  ASSERT_GE(bare.rows.size(), 60u);
  for (size_t i = 0; i < full.rows.size(); ++i) {
    EXPECT_FALSE(bare.rows[i].time || bare.rows[i].event);
    EXPECT_TRUE(full.rows[i].time && full.rows[i].event);
    EXPECT_EQ(bare.rows[i].fold, i < full.rows.size() / 2 ? 1 : 3);
    EXPECT_EQ(bare.rows[i].risk, full.rows[i].risk);
    EXPECT_EQ(bare.rows[i].survival, full.rows[i].survival);
  }
}

TEST_F(Predict, MissingGenesAreOneErrorUnlessTheMeanIsAskedFor) {
  const auto config = cohort_without("fewer", "1_cnv");
  const auto command = "predict " + path("run/fold_0/last.safetensors") + " --config " + config +
                       " --out " + path("fewer_out.csv");
  const auto refused = tractrix(command);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.output, HasSubstr("columns the model was trained on"));
  EXPECT_THAT(refused.output, HasSubstr("--missing-columns train_mean"));
  EXPECT_FALSE(std::filesystem::exists(*folder_ / "fewer_out.csv"));
  const auto filled = tractrix(command + " --missing-columns train_mean");
  EXPECT_EQ(filled.code, 0) << filled.output;
  EXPECT_TRUE(std::filesystem::exists(*folder_ / "fewer_out.csv"));
}

TEST_F(Predict, AnEnsembleIsTheMeanOfItsModels) {
  const std::string folds = "predict " + path("run") + " --fold 1 --fold 3 --patients all --out ";
  ASSERT_EQ(tractrix(folds + path("each.csv")).code, 0);
  const auto ran = tractrix(folds + path("mean.csv") + " --ensemble");
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("480 predictions of 2 models"));
  const auto each = eval::read_predictions(*folder_ / "each.csv").rows;
  const auto mean = eval::read_predictions(*folder_ / "mean.csv").rows;
  ASSERT_EQ(each.size(), 960u);
  ASSERT_EQ(mean.size(), 480u);
  for (size_t i = 0; i < mean.size(); ++i) {
    EXPECT_EQ(mean[i].id, each[i].id);
    EXPECT_NEAR(mean[i].risk, (each[i].risk + each[i + 480].risk) / 2, 1e-12);
    EXPECT_TRUE(mean[i].survival.empty());
  }
  const auto own = tractrix("predict " + path("run") + " --ensemble");
  EXPECT_EQ(own.code, 2);
  EXPECT_THAT(own.output, HasSubstr("one model only"));
}

TEST_F(Predict, MistakesAreNamed) {
  const auto section = tractrix("predict " + path("run") + " train.lr=1");
  EXPECT_EQ(section.code, 2);
  EXPECT_THAT(section.output, HasSubstr("'train' cannot be changed when predicting"));
  const auto key = tractrix("predict " + path("run") + " data.tabl=x");
  EXPECT_THAT(key.output, HasSubstr("unknown key 'data.tabl' (did you mean 'table'?)"));
  EXPECT_THAT(tractrix("predict nowhere").output, HasSubstr("neither a model file nor a run"));
  EXPECT_THAT(tractrix("predict " + path("run") + " --fold 9").output,
              HasSubstr("fold_9/last.safetensors: is not there"));
  EXPECT_THAT(tractrix("predict " + path("run/fold_0/state.safetensors")).output,
              HasSubstr("its header has no 'recipe'"));
}

TEST_F(Predict, AttentionOfABagIsWrittenSlideBySlide) {
  const std::string bags = path("bags.h5");
  ASSERT_EQ(
      tractrix("data synth " + kConfigs + "/cohorts/blca.yaml --columns 16 --out " + bags).code, 0);
  const std::string data = " data.inputs.pathology.features=" + bags;
  const auto trained = tractrix("crossval " + kConfigs + "/abmil/blca_synthetic.yaml" + data +
                                " run.threads=1 run.out=" + folder_->path().string() +
                                " run.name=bags train.epochs=1 --fold 0");
  ASSERT_EQ(trained.code, 0) << trained.output;
  const auto ran = tractrix("predict " + path("bags") + " --fold 0 --out " + path("bags.csv") +
                            " --attention " + path("attention.h5"));
  ASSERT_EQ(ran.code, 0) << ran.output;
  EXPECT_EQ(read_file(*folder_ / "bags.csv"),
            read_file(*folder_ / "bags" / "fold_0" / "predictions_last.csv"));
  const auto bytes = read_file(*folder_ / "attention.h5");
  EXPECT_THAT(bytes, HasSubstr("tractrix_attention"));
  EXPECT_THAT(bytes, HasSubstr("patch_size_level0"));
  EXPECT_THAT(bytes, HasSubstr("-DX1"));
  const auto maps = tractrix("predict " + path("bags") + " --fold 0 --out " + path("bags.csv") +
                             " --heatmaps " + path("maps"));
  ASSERT_EQ(maps.code, 0) << maps.output;
  int pictures = 0;
  for (const auto& file : std::filesystem::directory_iterator(*folder_ / "maps" / "fold_0")) {
    EXPECT_EQ(read_file(file.path()).substr(1, 3), "PNG") << file.path();
    ++pictures;
  }
  EXPECT_GE(pictures, 75) << "one per slide of the fold's patients";
  const auto none = tractrix("predict " + path("run") + " --fold 0 --out " + path("none.csv") +
                             " --attention " + path("none.h5"));
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.output, HasSubstr("returns no attention"));
  EXPECT_FALSE(std::filesystem::exists(*folder_ / "none.h5"));
}

TEST_F(Predict, AnotherEncodersWidthIsNamed) {
  const std::string wide = path("wide.h5"), slim = path("slim.h5");
  const std::string cohort = kConfigs + "/cohorts/blca.yaml";
  ASSERT_EQ(tractrix("data synth " + cohort + " --columns 16 --out " + wide).code, 0);
  ASSERT_EQ(tractrix("data synth " + cohort + " --columns 8 --out " + slim).code, 0);
  ASSERT_EQ(tractrix("crossval " + kConfigs + "/abmil/blca_synthetic.yaml" +
                     " data.inputs.pathology.features=" + wide + " run.threads=1 run.out=" +
                     folder_->path().string() + " run.name=wide train.epochs=1 --fold 0")
                .code,
            0);
  const auto ran = tractrix("predict " + path("wide") + " --fold 0 --out " + path("w.csv") +
                            " data.inputs.pathology.features=" + slim);
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("its bags have 8 columns, the model was trained on 16"));
  EXPECT_THAT(ran.output, HasSubstr("hint: features of the same encoder"));
}

}  // namespace
}  // namespace tractrix
