// Equal bags across the sides of a fold: whatever the file, its type or the kind of bag.
#include "tractrix/data/bag_check.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cstring>
#include <limits>

#include "support/folder.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/feature_writer.hpp"
#include "tractrix/data/packed_store.hpp"

namespace tractrix::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

class BagCheck : public ::testing::Test {
 protected:
  BagCheck() {
    std::filesystem::create_directory(folder_ / "f");
    write_file(folder_ / "t.csv",
               "case_id,slide_id,survival_months,censorship\nA,a.svs,1,0\nA,a2.svs,1,0\n"
               "B,b.svs,2,1\nC,c.svs,3,0\n");
    options_.cohort = "own";
    options_.table = folder_ / "t.csv";
    options_.inputs["x"].kind = InputKind::bag;
    options_.inputs["x"].features = folder_ / "f";
    folds_[0] = {0, {"A"}, {"B"}, {"C"}};  // B chooses the epoch
  }

  void write(const std::string& slide, const at::Tensor& values,
             FeatureLayout layout = FeatureLayout::clam) {
    const auto file = folder_ / "f" / (slide + (layout == FeatureLayout::pt ? ".pt" : ".h5"));
    write_features(file, layout, {values, {}, slide});
  }
  std::vector<std::string> check(bool allowed = false) {
    errors_ = {};
    return check_bags(Cohort::load(options_), folds_, allowed, errors_);
  }

  TemporaryFolder folder_;
  DataOptions options_;
  std::vector<Fold> folds_{1};
  Errors errors_;
};

TEST_F(BagCheck, EqualValuesInFilesOfTwoKindsAreFound) {
  const auto bag = at::arange(12, at::kFloat).reshape({4, 3});
  write("a", bag);
  write("a2", bag + 1);
  write("b", bag.flip(0));
  write("c", bag + 1, FeatureLayout::pt);
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_THAT(errors_.messages(),
              ElementsAre(HasSubstr("a2 (A), c (C) have the same bytes, on both sides of fold 0 (A "
                                    "trains, C is reported)")));
  EXPECT_THAT(check(true), ElementsAre(HasSubstr("-> allowed")));
  EXPECT_TRUE(errors_.empty());
}

TEST_F(BagCheck, TheInnerPartCountsAsTraining) {
  const auto bag = at::arange(12, at::kFloat).reshape({4, 3});
  for (const char* slide : {"a", "a2", "b", "c"}) write(slide, bag + int{slide[0]});
  // a and a2 are of one patient: a note; A and B both belong to training
  EXPECT_THAT(check(), ElementsAre(HasSubstr("a (A), a2 (A) have the same bytes")));
  EXPECT_TRUE(errors_.empty());
  write("c", bag + int{'b'});
  check();
  EXPECT_THAT(errors_.messages(), ElementsAre(HasSubstr("b (B), c (C) have the same bytes")));
}

TEST_F(BagCheck, OneValueOfDifferenceIsADifference) {
  const auto bag = at::zeros({64, 33});
  write("a", bag);
  write("b", bag);
  for (const char* slide : {"a2", "c"}) write(slide, bag);
  check();
  EXPECT_EQ(errors_.size(), 1u);
  for (const int64_t at : {0, 31, 32, 2111}) {
    auto other = bag.clone();
    other.view({-1})[at] = 1e-30;
    write("c", other);
    check();
    EXPECT_TRUE(errors_.empty()) << at;
  }
}

TEST_F(BagCheck, ValuesThatAreNotFiniteNameSlideAndPatient) {
  constexpr float kMark = 12345;  // the writer refuses NaN: it comes into the file afterwards
  const auto bag = at::arange(12, at::kFloat).reshape({4, 3});
  for (const char* slide : {"a", "a2", "b", "c"}) write(slide, bag + int{slide[0]} + slide[1]);
  for (const char* slide : {"a2", "c"}) {
    auto marked = bag.clone();
    marked[2][1] = kMark;
    write(slide, marked);
    const auto file = folder_ / "f" / (std::string(slide) + ".h5");
    auto bytes = read_file(file);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto at = bytes.find(std::string(reinterpret_cast<const char*>(&kMark), sizeof kMark));
    ASSERT_NE(at, std::string::npos);
    std::memcpy(bytes.data() + at, &nan, sizeof nan);
    write_file(file, bytes);
  }
  check();
  EXPECT_THAT(errors_.messages(), ElementsAre(AllOf(HasSubstr("slide a2 (A)"), HasSubstr("row 2")),
                                              AllOf(HasSubstr("slide c (C)"), HasSubstr("row 2"))));
}

TEST_F(BagCheck, PackedBagsAreCheckedAgainstTheirChecksums) {
  const auto file = folder_ / "p.h5";
  PackedWriter writer(file, Precision::float32);
  const auto bag = at::arange(12, at::kFloat).reshape({4, 3});
  for (const char* slide : {"a", "a2", "b", "c"})
    writer.add(slide, bag + (int{slide[0]} + (slide[1] ? 50 : 0)), {}, {"none", "test", false});
  writer.finish();
  options_.inputs["x"].features = file;
  EXPECT_THAT(check(), IsEmpty());
  EXPECT_TRUE(errors_.empty());
  auto bytes = read_file(file);
  const auto address = PackedStore(file).slide("b").address;
  bytes[address] = static_cast<char>(bytes[address] ^ 1);
  write_file(file, bytes);
  check();
  EXPECT_THAT(errors_.messages(), ElementsAre(HasSubstr("slide 'b' does not match its checksum")));
}

}  // namespace
}  // namespace tractrix::data
