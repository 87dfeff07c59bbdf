// Made-up bags: the same features in every layout, each layout as its writer leaves it.
#include "tractrix/data/synth.hpp"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/bag_source.hpp"
#include "tractrix/data/feature_file.hpp"
#include "tractrix/data/feature_writer.hpp"

namespace tractrix::data {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

class Synth : public ::testing::Test {
 protected:
  Synth() {
    std::string rows;
    for (int i = 0; i < 30; ++i) {
      const std::string id = "P" + std::to_string(i);
      rows +=
          id + "," + id + "-DX1.svs," + std::to_string(i + 1) + "," + (i % 3 ? "0" : "1") + "\n";
    }
    write_file(folder_ / "t.csv", "case_id,slide_id,survival_months,censorship\n" + rows);
    options_.cohort = "own";
    options_.table = folder_ / "t.csv";
  }

  std::shared_ptr<BagSource> make(SynthLayout layout, const std::string& name, uint64_t seed = 7,
                                  double shift = 3) {
    SynthOptions options;
    options.columns = 6;
    options.least = 20;
    options.most = 60;
    options.shift = shift;
    options.layout = layout;
    write_synthetic_bags(Cohort::load(options_), folder_ / name, options, Seed(seed));
    return BagSource::open(folder_ / name);
  }

  TemporaryFolder folder_;
  DataOptions options_;
};

TEST_F(Synth, EveryLayoutHoldsTheSameFeatures) {
  const auto packed = make(SynthLayout::packed, "packed.h5");
  ASSERT_EQ(packed->slides().size(), 30u);
  EXPECT_TRUE(packed->synthetic());
  for (const auto& [name, layout] : kSynthLayouts) {
    if (layout == SynthLayout::packed) continue;
    SCOPED_TRACE(name);
    const auto source = make(layout, name);
    EXPECT_TRUE(source->synthetic());
    EXPECT_EQ(source->slides(), packed->slides());
    for (const auto& slide : packed->slides()) {
      EXPECT_TRUE(at::equal(source->read(slide), packed->read(slide).to(at::kFloat)));
      if (layout == SynthLayout::pt) continue;
      const double scale = layout == SynthLayout::stamp ? 0.5 : 1;  // micrometres
      EXPECT_TRUE(at::equal(source->coords(slide).to(at::kDouble),
                            packed->coords(slide).to(at::kDouble) * scale));
    }
  }
}

TEST_F(Synth, FilesAreRecognisedAsTheirWriters) {
  for (const auto& [name, layout] : kSynthLayouts)
    if (layout != SynthLayout::packed) make(layout, name);
  const auto info = [&](const char* layout, const char* file) {
    return open_features(folder_ / layout / file).info();
  };
  EXPECT_EQ(info("trident", "P3-DX1.h5").layout, "trident");
  EXPECT_EQ(info("trident", "P3-DX1.h5").encoder, "synthetic");
  EXPECT_EQ(info("trident", "P3-DX1.h5").chunk, (std::vector<int64_t>{1, 6}));
  EXPECT_EQ(info("clam", "P3-DX1.h5").layout, "clam");
  EXPECT_EQ(info("clam", "P3-DX1.h5").chunk, (std::vector<int64_t>{1, 6}));
  EXPECT_EQ(info("stamp", "P3-DX1.h5").layout, "stamp");
  EXPECT_EQ(info("stamp", "P3-DX1.h5").dtype, Dtype::f16);
  EXPECT_EQ(info("pt", "P3-DX1.pt").format, "torch zip");
  EXPECT_EQ(info("pt", "P3-DX1.pt").layout, "tensor");
}

// LibTorch's own unpickler, as far from our reader as one gets without Python.
TEST_F(Synth, TorchReadsThePtFiles) {
  const auto source = make(SynthLayout::pt, "pt");
  const std::string bytes = read_file(folder_ / "pt" / "P0-DX1.pt");
  const auto value = torch::pickle_load(std::vector<char>(bytes.begin(), bytes.end()));
  ASSERT_TRUE(value.isTensor());
  EXPECT_TRUE(at::equal(value.toTensor(), source->read("P0-DX1")));
}

TEST_F(Synth, ShortTimesHaveMorePlantedPatches) {
  const auto source = make(SynthLayout::packed, "a.h5"),
             without = make(SynthLayout::packed, "b.h5", 7, 0);
  double early = 0, late = 0;
  for (int i = 0; i < 10; ++i) {
    const auto planted = [&](int p) {
      const std::string slide = "P" + std::to_string(p) + "-DX1";
      const auto moved = (source->read(slide).to(at::kDouble) - without->read(slide)).norm(2, 1);
      EXPECT_NEAR(moved.max().item<double>(), 3, 0.02);  // float16 of both
      return (moved > 1).to(at::kDouble).mean().item<double>();
    };
    early += planted(i) / 10;
    late += planted(29 - i) / 10;
  }
  EXPECT_GT(early, 0.3);
  EXPECT_LT(late, 0.2);
}

TEST_F(Synth, SeedsAreKeyedBySlide) {
  const auto before = make(SynthLayout::packed, "a.h5"),
             other = make(SynthLayout::packed, "c.h5", 8);
  EXPECT_FALSE(at::equal(before->read("P0-DX1"), other->read("P0-DX1")));
  EXPECT_TRUE(at::equal(before->read("P0-DX1"), make(SynthLayout::packed, "d.h5")->read("P0-DX1")));
}

TEST_F(Synth, AFolderInUseAndATableWithoutSlidesAreRefused) {
  make(SynthLayout::clam, "clam");
  EXPECT_THAT(message_of([&] { make(SynthLayout::stamp, "clam"); }), HasSubstr("is not empty"));
  options_.slide = "none";
  EXPECT_THAT(message_of([&] { make(SynthLayout::clam, "x"); }), HasSubstr("names no slide"));
}

TEST(FeatureWriter, RefusesWhatALayoutCannotHold) {
  TemporaryFolder folder;
  FeatureContent content{at::full({2, 3}, 1e6), {}, "s", "none"};
  EXPECT_THAT(message_of([&] { write_features(folder / "s.h5", FeatureLayout::stamp, content); }),
              HasSubstr("Inf at row 0, column 0"));
  write_features(folder / "s.h5", FeatureLayout::clam, content);
  EXPECT_TRUE(at::equal(open_features(folder / "s.h5").read(), content.features));
  EXPECT_FALSE(open_features(folder / "s.h5").info().synthetic);
  EXPECT_THAT(message_of([&] { write_gene_bag(folder / "g.h5", content, {"TP53"}); }),
              HasSubstr("1 gene names"));
  EXPECT_THAT(
      message_of([&] { write_features(folder / "no" / "s.h5", FeatureLayout::clam, content); }),
      HasSubstr("cannot be written"));
}

}  // namespace
}  // namespace tractrix::data
