// `tractrix data check`: every defect of a cohort's files, values and folds at once; exit status 2
// unless a policy is named.
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"

namespace tractrix {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TemporaryFolder;
using testing::tractrix;

const std::filesystem::path kFiles = testing::data_folder() + "/feature_files";

std::string text_of(float value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

// Patients A to D with the slides a to d, bags of 75 x 33.
class DataCheck : public ::testing::Test {
 protected:
  DataCheck() {
    std::filesystem::create_directory(folder_ / "f");
    write_file(folder_ / "t.csv",
               "case_id,slide_id,survival_months,censorship\nA,a.svs,1,0\nB,b.svs,2,1\n"
               "C,c.svs,3,0\nD,d.svs,4,0\n");
    write_file(folder_ / "c.yaml",
               "data: {cohort: x, table: t.csv, inputs: {pathology: {kind: bag, features: f}}}\n"
               "split: {folder: ., folds: 2}\n");
    split(0, "A,C\nB,D\n");
    split(1, "C,A\nD,B\n");
    for (const char* name : {"a", "b", "c", "d"}) bag(name, static_cast<float>(name[0]));
  }

  void split(int fold, const std::string& rows) {
    write_file(folder_ / ("splits_" + std::to_string(fold) + ".csv"), "train,val\n" + rows);
  }

  // A sound file whose last value is another one.
  void bag(const std::string& name, float last) {
    auto bytes = read_file(kFiles / "valid/h5/contiguous.h5");
    const auto expected = read_json(kFiles / "expected.json");
    const auto& known = expected.at("files").at("valid/h5/contiguous.h5").at("last");
    const auto at = bytes.rfind(text_of(static_cast<float>(known.back().get<double>())));
    ASSERT_NE(at, std::string::npos);
    write_file(folder_ / "f" / (name + ".h5"), bytes.replace(at, sizeof(last), text_of(last)));
  }
  void copy(const std::string& from, const std::string& name) {
    std::filesystem::copy_file(kFiles / from, folder_ / "f" / name,
                               std::filesystem::copy_options::overwrite_existing);
  }

  testing::Ran check(const std::string& more = {}) {
    return tractrix("data check " + (folder_ / "c.yaml").string() + " " + more);
  }
  void expect(const std::string& message, const std::string& policy = {}) {
    const auto ran = check();
    EXPECT_EQ(ran.code, 2) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr(message));
    if (policy.empty()) return;
    const auto allowed = check(policy);
    EXPECT_EQ(allowed.code, 0) << allowed.output;
    EXPECT_THAT(allowed.output, HasSubstr("note: "));
  }

  TemporaryFolder folder_;
};

TEST_F(DataCheck, ASoundCohortIsOk) {
  const auto ran = check();
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output,
              AllOf(HasSubstr("bags of 33 columns, 4 files"),
                    HasSubstr("fold 1: 2 / 2 patients, none on both sides"), HasSubstr("\nok\n")));
}

TEST_F(DataCheck, TheSameBytesOnBothSidesOfAFoldAreNamed) {
  bag("c", 'a');  // C trains where A is reported, and the other way round
  expect(
      "input 'pathology': a (A), c (C) have the same bytes, on both sides of fold 0 (A trains, C "
      "is reported), 1 (C trains, A is reported)",
      "split.allow_equal_bags=true");
  EXPECT_EQ(check("--headers").code, 0) << "values are not read";
}

TEST_F(DataCheck, TheSameBytesOnOneSideAreANote) {
  bag("b", 'a');
  const auto ran = check();
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("note: input 'pathology': a (A), b (B) have the same bytes\n"));
}

TEST_F(DataCheck, AMissingSlideIsNamed) {
  std::filesystem::remove(folder_ / "f" / "b.h5");
  expect("no features for 1 slides: b (B)",
         "data.inputs.pathology.missing=drop_patient split.allow_unknown=true");
}

TEST_F(DataCheck, AnEmptyBagIsNamed) {
  copy("valid/h5/n0.h5", "b.h5");
  expect("b.h5: is an empty bag");
}

TEST_F(DataCheck, ANaNIsNamedWithItsPlace) {
  bag("b", std::nanf(""));
  expect("b.h5: holds NaN at row 74, column 32");
}

TEST_F(DataCheck, AnotherWidthIsNamed) {
  copy("valid/h5/no_coords.h5", "b.h5");
  expect("b.h5: has 16 columns, the others have 33");
}

TEST_F(DataCheck, TwoFilesOfOneSlideAreNamed) {
  copy("valid/pt/zip_fp32.pt", "b.pt");
  expect("slide 'b' has two files");
}

TEST_F(DataCheck, ASlideListedTwiceIsNamed) {
  write_file(folder_ / "t.csv",
             "case_id,slide_id,survival_months,censorship\nA,a.svs,1,0\nB,a.svs,2,1\n");
  expect("t.csv:3: slide 'a' is listed twice; first at");
}

TEST_F(DataCheck, ABagOfNoListedSlideIsNamed) {
  bag("other", 7);
  expect("1 bags are of no slide of the table: other", "data.inputs.pathology.unlisted=ignore");
}

TEST_F(DataCheck, PatientsOnBothSidesAndInNoFoldAreNamed) {
  split(0, "A,C\nB,D\nC,\n");
  expect("splits_0.csv: 1 patients are on both sides: C");
  split(0, "A,C\nB,\n");
  split(1, "C,A\nB,\n");
  expect("1 patients of the cohort are in no fold: D");
  EXPECT_EQ(check("split.allow_unlisted=true").code, 0);
}

TEST_F(DataCheck, EveryDefectIsListedAtOnce) {
  copy("valid/h5/n0.h5", "b.h5");
  bag("c", std::nanf(""));
  copy("invalid/pt/reduce_os_system.pt", "d.pt");
  std::filesystem::remove(folder_ / "f" / "d.h5");
  bag("other", 'a');
  bag("a", 'a');
  split(1, "C,A\nD,B\nX,\n");
  split(0, "A,C\nB,D\nC,\n");
  write_file(folder_ / "t.csv", read_file(folder_ / "t.csv") + "E,e.svs,5,0\n");
  const auto ran = check();
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output,
              AllOf(HasSubstr("b.h5: is an empty bag"), HasSubstr("c.h5: holds NaN at row 74"),
                    HasSubstr("d.pt: holds a pickle that names os.system"),
                    HasSubstr("no features for 1 slides: e (E)"), HasSubstr("on both sides: C"),
                    HasSubstr("of no slide of the table: other"),
                    HasSubstr("1 patients of 'train' are not in the cohort: X")));
  EXPECT_THAT(ran.output, Not(HasSubstr("\nok\n")));
}

}  // namespace
}  // namespace tractrix
