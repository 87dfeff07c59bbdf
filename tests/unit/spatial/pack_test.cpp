// From a small folder of sections with images to a pack and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/folder.hpp"
#include "support/made_sections.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/spatial/spatial_pack.hpp"

namespace tractrix::spatial {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two patients of the sections in support/made_sections.hpp.
class Pack : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* id : {"A1", "B1"}) testing::write_made_section(folder_.path(), id);
    testing::write_pack_config(folder_.path());
  }
  SpatialConfig read(const std::vector<std::string>& overrides = {}) const {
    return SpatialConfig::load(folder_ / "pack.yaml", overrides);
  }
  PackSummary pack(const std::vector<std::string>& overrides = {}, int64_t threads = 2) const {
    const auto settings = read(overrides);
    return write_spatial_pack(settings, SpatialCohort::load(settings, true), file(), threads);
  }
  std::string message(const std::vector<std::string>& overrides = {}) const {
    return testing::message_of([&] { pack(overrides); });
  }
  fs::path file() const { return folder_ / "made.h5"; }
  testing::TemporaryFolder folder_;
};

TEST_F(Pack, GivesBackCountsPlacesNichesAndFolds) {
  const auto summary = pack();
  EXPECT_EQ(summary.sections, 2);
  EXPECT_EQ(summary.spots, 50);
  EXPECT_EQ(summary.centres, 18);  // 3 x 3 whole niches of four
  EXPECT_EQ(summary.patches, 36);
  const auto settings = read();
  const auto cohort = SpatialCohort::load(settings, false);
  ASSERT_TRUE(SpatialPack::recognises(file()));
  const SpatialPack pack(file());
  EXPECT_EQ(pack.genes(), cohort.genes);
  ASSERT_EQ(pack.sections().size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    const auto& found = pack.sections()[i];
    const auto& expected = cohort.sections[i];
    EXPECT_EQ(found.id, expected.section.id);
    EXPECT_EQ(found.patient, expected.section.patient);
    EXPECT_EQ(found.barcodes, expected.section.barcodes);
    EXPECT_EQ(found.counts.begin, expected.section.counts.begin);
    EXPECT_EQ(found.counts.column, expected.section.counts.column);
    EXPECT_EQ(found.counts.value, expected.section.counts.value);
    EXPECT_EQ(found.totals, expected.totals);
    EXPECT_EQ(found.x, expected.section.x);
    EXPECT_EQ(found.array_row, expected.section.array_row);
    EXPECT_EQ(found.niches.centres, expected.niches.centres);
    EXPECT_EQ(found.niches.members, expected.niches.members);
    EXPECT_EQ(found.attributes.at("image"), found.id + "_he.png");
    EXPECT_EQ(found.attributes.at("image_sha256"),
              sha256_of_file(folder_ / ("ST-imgs/" + found.id + "_he.png")));
  }
  ASSERT_EQ(pack.folds().size(), 2u);
  for (size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(pack.folds()[k].fold.train, cohort.folds[k].fold.train);
    EXPECT_EQ(pack.folds()[k].fold.test, cohort.folds[k].fold.test);
    EXPECT_EQ(pack.folds()[k].choice.genes, cohort.folds[k].choice.genes);
    EXPECT_EQ(pack.folds()[k].choice.genes.size(), 3u);
  }
}

TEST_F(Pack, PatchesAreTheWindowsOfTheImage) {
  pack();
  const SpatialPack made(file());
  ASSERT_TRUE(made.has(View::niche));
  for (size_t section = 0; section < 2; ++section) {
    const auto& s = made.sections()[section];
    EXPECT_EQ(s.attributes.at("spot_window"), 22);    // 112 um at 5 um per pixel: 22.4
    EXPECT_EQ(s.attributes.at("niche_window"), 100);  // 40 pixels and half a spot of 20, twice
    for (size_t i = 0; i < s.niches.centres.size(); ++i) {
      const auto spot = static_cast<size_t>(s.niches.centres[i]);
      for (const auto& [view, half] : {std::pair(View::spot, 11), std::pair(View::niche, 50)}) {
        const auto patch = made.patch(section, view, static_cast<int64_t>(i));
        ASSERT_EQ(patch.width, 2 * half);
        EXPECT_EQ(patch.at(0, 0)[0], static_cast<int>(s.x[spot]) - half);
        EXPECT_EQ(patch.at(0, 0)[1], static_cast<int>(s.y[spot]) - half);
        EXPECT_EQ(patch.at(2 * half - 1, 0)[0], static_cast<int>(s.x[spot]) + half - 1);
        EXPECT_EQ(patch.at(0, 0)[2], s.id[0]);
      }
    }
  }
}

TEST_F(Pack, ThreadsAndRepetitionChangeNoByte) {
  pack({}, 1);
  const auto once = read_file(file());
  pack({}, 3);
  EXPECT_EQ(read_file(file()) == once, true);
  pack({"spatial.patches.size=16", "spatial.patches.format=jpeg", "spatial.patches.niche=false"});
  const SpatialPack small(file());
  EXPECT_FALSE(small.has(View::niche));
  EXPECT_EQ(small.patch(0, View::spot, 0).width, 16);
  EXPECT_EQ(small.attributes().at("patch_format"), "jpeg, quality 95");
  EXPECT_THAT(testing::message_of([&] { small.patch(0, View::niche, 0); }),
              HasSubstr("holds no patches of niches"));
}

TEST_F(Pack, SpotsBeyondTheImageAreListed) {
  testing::write_chart(folder_.path(), "A1",
                       150);  // the spots at 160 and beyond lie outside; others at 120 on the rim
  const auto summary = pack();
  EXPECT_EQ(summary.centres, 9 + 1);
  EXPECT_THAT(summary.notes,
              Contains(HasSubstr("A1: 5 spots lie outside of the image of 150 x 150")));
  EXPECT_THAT(summary.notes, Contains(HasSubstr("A1: 3 spots lie so close to the rim")));
  testing::write_chart(folder_.path(), "A1", 60);
  EXPECT_THAT(message(), HasSubstr("holds no whole window of section 'A1'"));
}

TEST_F(Pack, DefectsOfAllSectionsAtOnce) {
  fs::remove(folder_ / "ST-imgs/A1_he.png");
  auto counts = read_file(folder_ / "ST-cnts/B1.tsv");
  write_file(folder_ / "ST-cnts/B1.tsv", counts.replace(counts.find("\t1"), 2, "\t1.5"));
  const auto text = message();
  EXPECT_THAT(text, HasSubstr("has no image for section 'A1'"));
  EXPECT_THAT(text, HasSubstr("holds no counts: 0 negative and 1 fractional of "));
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(Pack, ConfigIsStrict) {
  EXPECT_THAT(message({"spatial.patches.sise=3"}), HasSubstr("sise"));
  EXPECT_THAT(message({"split.folds=3"}), HasSubstr("3 folds of whole patients need as many"));
  EXPECT_THAT(message({"split.level=leave_one_slide"}), ::testing::Not(HasSubstr("both sides")));
  write_file(folder_ / "patients.csv", "section,patient\nA1,P\nB1,P\n");
  EXPECT_THAT(message({"split.level=leave_one_slide",
                       "spatial.patients=" + (folder_ / "patients.csv").string()}),
              HasSubstr("2 times a patient is on both sides of a fold"));
}

TEST_F(Pack, GenesThatNeverChangeInAFoldAreListed) {
  std::string counts = "\tG0\tG1\tG2\n";
  for (int i = 0; i < 25; ++i)
    counts += std::to_string(i % 5) + "x" + std::to_string(i / 5) + "\t9\t8\t" +
              std::to_string(i % 3) + "\n";
  write_file(folder_ / "ST-cnts/B1.tsv", counts);
  const auto cohort = SpatialCohort::load(read({"spatial.genes.count=2"}), false);
  const auto& folds = cohort.folds;
  ASSERT_EQ(folds.size(), 2u);
  const size_t trained_on_b = folds[0].fold.train == std::vector<std::string>{"B1"} ? 0 : 1;
  EXPECT_THAT(folds[trained_on_b].constant, ElementsAre("G0", "G1"));
  EXPECT_THAT(folds[1 - trained_on_b].constant, ElementsAre());
}

TEST_F(Pack, DamageIsNoticed) {
  pack();
  const auto bytes = read_file(file());
  write_file(file(), bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(testing::message_of([&] { SpatialPack damaged(file()); }), HasSubstr("made.h5"));
  write_file(file(), "no pack");
  EXPECT_FALSE(SpatialPack::recognises(file()));
  EXPECT_THAT(testing::message_of([&] { SpatialPack damaged(file()); }), HasSubstr("made.h5"));
}

}  // namespace
}  // namespace tractrix::spatial
