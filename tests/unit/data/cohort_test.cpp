// Cohort, splits and preparation on the real BLCA and UCEC tables.
#include "tractrix/data/cohort.hpp"
#include "support/paths.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/fold_view.hpp"
#include "tractrix/data/labels.hpp"
#include "tractrix/data/preparation.hpp"
#include "tractrix/data/splits.hpp"

namespace tractrix::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

const std::filesystem::path kTcga = std::filesystem::path(testing::data_folder()) / "tcga";

DataOptions options_of(const std::string& cohort, const std::string& table = "all_clean.csv.gz") {
  DataOptions options;
  options.cohort = cohort;
  options.table = kTcga / cohort / table;
  options.inputs["genomics"].signatures = kTcga / "signatures.csv";
  return options;
}

SplitOptions splits_of(const std::string& cohort) {
  SplitOptions options;
  options.folder = kTcga / cohort / "splits";
  return options;
}

class Blca : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cohort_ = new std::shared_ptr<const Cohort>(
        std::make_shared<Cohort>(Cohort::load(options_of("blca"))));
  }
  static void TearDownTestSuite() { delete cohort_; }
  static const Cohort& cohort() { return **cohort_; }
  static std::shared_ptr<const Cohort>* cohort_;
};
std::shared_ptr<const Cohort>* Blca::cohort_ = nullptr;

TEST_F(Blca, HasThePublishedCounts) {
  EXPECT_EQ(cohort().size(), 373u);
  EXPECT_EQ(cohort().events(), 169u);
  size_t slides = 0, most = 0;
  for (const auto& patient : cohort().patients()) {
    slides += patient.slides.size();
    most = std::max(most, patient.slides.size());
  }
  EXPECT_EQ(slides, 437u);
  EXPECT_EQ(most, 9u);
}

TEST_F(Blca, GroupsHaveThePublishedSizes) {
  const auto& choice = cohort().vectors().at("genomics").choice;
  std::vector<size_t> sizes;
  for (const auto& [name, columns] : choice.groups) sizes.push_back(columns.size());
  EXPECT_THAT(sizes, ElementsAre(94, 334, 521, 468, 1496, 479));
  for (const auto& [name, columns] : choice.groups) {
    for (size_t i = 1; i < columns.size(); ++i) {
      EXPECT_LT(choice.columns[static_cast<size_t>(columns[i - 1])],
                choice.columns[static_cast<size_t>(columns[i])])
          << name;
    }
  }
}

TEST_F(Blca, CohortBinsAreMcats) {
  auto options = options_of("blca");
  options.bins.fit = BinFit::cohort;
  const auto own = Cohort::load(options);
  const auto preparation = Preparation::fit(own, {own.patients()[0].id, own.patients()[1].id});
  EXPECT_NEAR(preparation.edges[1], 7.62, 1e-9);
  EXPECT_NEAR(preparation.edges[2], 13.57, 1e-9);
  EXPECT_NEAR(preparation.edges[3], 21.85, 1e-9);
  std::vector<int> counts(4);
  for (const auto& patient : own.patients())
    ++counts[static_cast<size_t>(preparation.bin(patient.time))];
  EXPECT_THAT(counts, ElementsAre(63, 75, 95, 140));
}

TEST_F(Blca, TrainFoldBinsAndScalersSeeNoValidationPatient) {
  const auto splits = read_splits(splits_of("blca"), cohort(), Seed(1));
  const auto& train = splits.folds[0].train;
  const auto before = Preparation::fit(cohort(), train);
  // The same patients in another order and with others changed: nothing may move.
  auto reversed = train;
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(Preparation::fit(cohort(), reversed).edges, before.edges);
  const auto& values = cohort().vectors().at("genomics").values;
  std::vector<int64_t> rows;
  for (const auto& id : train) rows.push_back(static_cast<int64_t>(cohort().index(id)));
  const auto own = values.index_select(0, at::tensor(rows, at::kLong));
  EXPECT_LT((before.vectors.at("genomics").scaler.mean - own.mean(0)).abs().max().item<double>(),
            1e-9);
}

TEST_F(Blca, SplitsAreTheFilesOwn) {
  const auto splits = read_splits(splits_of("blca"), cohort(), Seed(1));
  ASSERT_EQ(splits.folds.size(), 5u);
  std::vector<size_t> train, val, events;
  for (const auto& fold : splits.folds) {
    train.push_back(fold.train.size());
    val.push_back(fold.val.size());
    size_t count = 0;
    for (const auto& id : fold.val) count += cohort().patients()[cohort().index(id)].event;
    events.push_back(count);
  }
  EXPECT_THAT(train, ElementsAre(298, 298, 298, 299, 299));
  EXPECT_THAT(val, ElementsAre(75, 75, 75, 74, 74));
  EXPECT_THAT(events, ElementsAre(34, 34, 34, 34, 33));
}

TEST_F(Blca, InnerValidationIsAStratifiedPartOfTheTrainingFold) {
  auto options = splits_of("blca");
  options.inner_val = 0.2;
  const auto splits = read_splits(options, cohort(), Seed(1));
  for (const auto& fold : splits.folds) {
    EXPECT_NEAR(static_cast<double>(fold.inner.size()), 0.2 * 298, 2);
    for (const auto& id : fold.inner) {
      EXPECT_EQ(std::count(fold.train.begin(), fold.train.end(), id), 0);
      EXPECT_EQ(std::count(fold.val.begin(), fold.val.end(), id), 0);
    }
  }
}

TEST_F(Blca, BatchesHoldStandardisedRowsAndLabels) {
  const auto splits = read_splits(splits_of("blca"), cohort(), Seed(1));
  FoldView view(*cohort_, Preparation::fit(cohort(), splits.folds[0].train),
                std::make_shared<BagCache>(1 << 20));
  const auto batch = view.read(splits.folds[0].train, Seed(2));
  const auto& x = batch.inputs.at("genomics");
  EXPECT_EQ(x.scalar_type(), at::kFloat);
  EXPECT_LT(x.mean(0).abs().max().item<double>(), 1e-4);
  EXPECT_LT((x.var(0, false) - 1).abs().median().item<double>(), 1e-4);
  EXPECT_EQ(batch.targets.at("bin").size(0), 298);
  const auto& first = cohort().patients()[cohort().index(batch.ids[0])];
  EXPECT_EQ(batch.targets.at("time")[0].item<double>(), first.time);
  EXPECT_EQ(batch.targets.at("event")[0].item<double>(), first.event ? 1 : 0);
}

TEST_F(Blca, APreparationSurvivesJson) {
  const auto splits = read_splits(splits_of("blca"), cohort(), Seed(1));
  const auto before = Preparation::fit(cohort(), splits.folds[0].train);
  const auto after = Preparation::from_json(Json::parse(before.to_json().dump()), "x");
  EXPECT_EQ(before.edges, after.edges);
  const auto &a = before.vectors.at("genomics"), &b = after.vectors.at("genomics");
  EXPECT_EQ(a.choice.columns, b.choice.columns);
  EXPECT_TRUE(at::equal(a.scaler.mean, b.scaler.mean));
  EXPECT_TRUE(at::equal(a.scaler.scale, b.scaler.scale));
}

TEST_F(Blca, TheReferenceBlockHasMcatsDefects) {
  auto options = options_of("blca");
  options.inputs["genomics"].select = Select::mcat_block;
  const auto own = Cohort::load(options);
  const auto& columns = own.vectors().at("genomics").choice.columns;
  EXPECT_THAT(own.notes(), ::testing::Contains(HasSubstr("holds label-like columns")));
  EXPECT_EQ(columns.front(), "train");  // D-08: kept inside
  EXPECT_EQ(columns.size(), 3072u - 10u);
  options.inputs["genomics"].select = Select::columns;
  options.inputs["genomics"].columns = {"age", "censorship"};
  EXPECT_THAT(message_of([&] { Cohort::load(options); }),
              HasSubstr("the input would hold the label: censorship"));
}

TEST_F(Blca, NewFoldsAreStratifiedAndWhole) {
  const auto folds = make_folds(cohort(), 5, Seed(3));
  std::vector<std::string> all;
  for (const auto& fold : folds) {
    EXPECT_EQ(fold.train.size() + fold.val.size(), 373u);
    size_t events = 0;
    for (const auto& id : fold.val) events += cohort().patients()[cohort().index(id)].event;
    EXPECT_NEAR(static_cast<double>(events), 169 / 5.0, 2);
    all.insert(all.end(), fold.val.begin(), fold.val.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()) - all.begin(), 373);
  TemporaryFolder folder;
  write_splits(folds, folder.path());
  SplitOptions options;
  options.folder = folder.path();
  const auto read = read_splits(options, cohort(), Seed(1));
  for (size_t k = 0; k < 5; ++k) EXPECT_EQ(read.folds[k].val, folds[k].val);
}

TEST(Ucec, GroupsSeeCopyNumbersOnly) {
  const auto cohort = Cohort::load(options_of("ucec"));
  EXPECT_EQ(cohort.size(), 480u);
  EXPECT_EQ(cohort.events(), 75u);
  std::vector<size_t> sizes;
  for (const auto& [name, columns] : cohort.vectors().at("genomics").choice.groups)
    sizes.push_back(columns.size());
  EXPECT_THAT(sizes, ElementsAre(3, 24, 21, 22, 65, 15));
}

TEST(Scaler, FollowsScikitLearnsRule) {
  const auto rows =
      at::tensor({1.0, 5.0, 1e9, 2.0, 5.0, 1e9 + 1e-7, 3.0, 5.0, 1e9}, at::kDouble).reshape({3, 3});
  const auto scaler = Scaler::fit(rows);
  EXPECT_NEAR(scaler.scale[0].item<double>(), std::sqrt(2.0 / 3), 1e-15);  // population deviation
  EXPECT_EQ(scaler.scale[1].item<double>(), 1);
  EXPECT_EQ(scaler.scale[2].item<double>(), 1);  // constant up to rounding
}

TEST(Clinical, PoliciesForMissingValues) {
  TemporaryFolder folder;
  write_file(folder / "t.csv",
             "PATIENT,OS_MONTHS,OS_STATUS,AGE,STAGE\nA,5,1:DECEASED,60,II\nB,7,0:LIVING,,I\nC,9,1:"
             "DECEASED,70,II\n");
  DataOptions options;
  options.cohort = "own";
  options.table = folder / "t.csv";
  options.id = "PATIENT";
  options.label = {"OS_MONTHS", "months", "", "OS_STATUS", "1:DECEASED"};
  auto& input = options.inputs["clinical"];
  input.select = Select::columns;
  input.columns = {"AGE", "STAGE"};
  input.categorical = {"STAGE"};
  EXPECT_THAT(message_of([&] { Cohort::load(options); }),
              HasSubstr("1 patients without a value: B"));
  input.missing = Missing::train_mean;
  const auto cohort = std::make_shared<Cohort>(Cohort::load(options));
  EXPECT_EQ(cohort->events(), 2u);
  EXPECT_THAT(cohort->vectors().at("clinical").choice.columns,
              ElementsAre("AGE", "STAGE=I", "STAGE=II"));
  FoldView view(cohort, Preparation::fit(*cohort, {"A", "B", "C"}), std::make_shared<BagCache>(1));
  EXPECT_EQ(view.read({"B"}, Seed(1)).inputs.at("clinical")[0][0].item<double>(),
            0);  // the training mean
  input.missing = Missing::drop_patient;
  EXPECT_EQ(Cohort::load(options).size(), 2u);
}

}  // namespace
}  // namespace tractrix::data
