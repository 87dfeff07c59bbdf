// `tractrix data st-pack`, `check` and `info` on sections of spatial expression.
#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/made_sections.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"

namespace tractrix {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::tractrix;

class Spatial : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* id : {"A1", "A2", "B1"}) testing::write_made_section(folder_.path(), id);
    testing::write_pack_config(folder_.path());
  }
  std::string config() const { return (folder_ / "pack.yaml").string(); }
  std::string pack() const { return (folder_ / "made.h5").string(); }
  testing::TemporaryFolder folder_;
};

TEST_F(Spatial, PackAndInfo) {
  const auto ran = tractrix("data st-pack " + config() + " --out " + pack());
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("8 genes are in all sections"),
                                HasSubstr("3 genes chosen"), HasSubstr("A1: 25 spots, 9 centres"),
                                HasSubstr("3 sections, 75 spots, 54 patches")));
  const auto info = tractrix("data info " + pack() + " " + folder_.path().string());
  EXPECT_EQ(info.code, 0);
  EXPECT_THAT(info.output, AllOf(HasSubstr("pack of 3 sections, 8 genes, 2 folds"),
                                 HasSubstr("B1: patient B, 25 spots, 9 centres"),
                                 HasSubstr("section A2: 25 spots, 8 genes")));
}

TEST_F(Spatial, CheckTellsWhoLeaks) {
  const auto clean = tractrix("data check " + config());
  EXPECT_EQ(clean.code, 0);
  EXPECT_THAT(clean.output, AllOf(HasSubstr("3 sections of 2 known patients"),
                                  HasSubstr("patient A: 2 sections (A1, A2)"),
                                  HasSubstr("no patient is on both sides of a fold")));
  const auto refused = tractrix("data check " + config() + " split.level=leave_one_slide");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.output, HasSubstr("2 times a patient is on both sides of a fold"));
  const auto allowed = tractrix("data check " + config() +
                                " split.level=leave_one_slide split.allow_patient_overlap=true");
  EXPECT_EQ(allowed.code, 0);
  EXPECT_THAT(allowed.output, HasSubstr("LEAK patient A: A2 train, A1 reported"));
}

TEST_F(Spatial, DefectsEndWithTwoAndLeaveNoFile) {
  std::filesystem::remove(folder_ / "ST-imgs/A1_he.png");
  const auto ran = tractrix("data st-pack " + config() + " --out " + pack());
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.output, HasSubstr("has no image for section 'A1'"));
  EXPECT_FALSE(std::filesystem::exists(pack()));
  const auto wrong = tractrix("config check " + config() + " spatial.nich.rule=lattice");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.output, HasSubstr("did you mean 'niche'"));
}

TEST_F(Spatial, ProgressOnATerminal) {
  const auto ran = testing::in_terminal("data st-pack " + config() + " --out " + pack());
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.output, HasSubstr(" %"));
  EXPECT_THAT(tractrix("data st-pack " + config() + " --out " + pack()).output,
              Not(HasSubstr("%")));
}

}  // namespace
}  // namespace tractrix
