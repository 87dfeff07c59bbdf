// A HEST-1k folder from h5ad, TIFF, metadata and contours to a pack.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/folder.hpp"
#include "support/made_sections.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/spatial/spatial_pack.hpp"
#include "tractrix/h5/output.hpp"

namespace tractrix::spatial {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// 5 x 5 spots, 40 pixels apart, 2.5 micrometres per pixel.
void write_h5ad(const fs::path& file) {
  h5::Output out(file, file);
  std::vector<int64_t> row, column, counts;
  std::vector<double> place;
  std::vector<std::string> spots;
  for (int64_t i = 0; i < 25; ++i) {
    spots.push_back("s" + std::to_string(i));
    row.push_back(i / 5);
    column.push_back(i % 5);
    place.insert(place.end(),
                 {40.0 * static_cast<double>(i % 5 + 1), 40.0 * static_cast<double>(i / 5 + 1)});
    for (int64_t g = 0; g < 4; ++g) counts.push_back((i + g) % 5);
  }
  out.dataset("X", Dtype::i64, {25, 4}, counts.data());
  out.texts("obs/_index", spots);
  out.attribute("obs", "_index", std::string("_index"));
  out.dataset("obs/array_row", Dtype::i64, {25}, row.data());
  out.dataset("obs/array_col", Dtype::i64, {25}, column.data());
  out.texts("var/_index", {"A", "B", "C", "D"});
  out.attribute("var", "_index", std::string("_index"));
  out.dataset("obsm/spatial", Dtype::f64, {25, 2}, place.data());
  const double diameter = 20;
  out.dataset("uns/spatial/ST/scalefactors/spot_diameter_fullres", Dtype::f64, {}, &diameter);
  out.close();
}

class HestPack : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"st", "wsis", "metadata", "tissue_seg", "ST-imgs"})
      fs::create_directory(folder_ / name);
    for (const std::string id : {"X1", "X2"}) {
      write_h5ad(folder_ / ("st/" + id + ".h5ad"));
      testing::write_chart(folder_.path(), id, 240);
      fs::rename(folder_ / ("ST-imgs/" + id + "_he.png"), folder_ / ("wsis/" + id + ".tif"));
      write_file(folder_ / ("metadata/" + id + ".json"), R"({"pixel_size_um_estimated": 2.5})");
    }
    fs::remove(folder_ / "ST-imgs");
    write_file(folder_ / "HEST_v1_1_0.csv",
               "dataset_title,id,patient\nT,X1,Patient 1\nT,X2,Patient 2\n");
    write_file(folder_ / "pack.yaml",
               "spatial:\n  name: x\n  folder: .\n  genes: {method: mean, count: 2}\n"
               "split: {folds: 2}\n");
  }
  PackSummary pack() const {
    const auto config = SpatialConfig::load(folder_ / "pack.yaml", {});
    return write_spatial_pack(config, SpatialCohort::load(config, true), folder_ / "x.h5", 2);
  }
  void contours(const std::string& ring) {
    write_file(
        folder_ / "tissue_seg/X1_contours.geojson",
        R"({"features": [{"geometry": {"type": "Polygon", "coordinates": [)" + ring + "]}}]}");
  }
  testing::TemporaryFolder folder_;
};

TEST_F(HestPack, ReadsTheWholeFolder) {
  const auto summary = pack();
  EXPECT_EQ(summary.centres, 18);
  const SpatialPack made(folder_ / "x.h5");
  const auto& s = made.sections().at(0);
  EXPECT_EQ(s.patient, "T: Patient 1");
  EXPECT_EQ(s.attributes.at("lattice"), "square");
  EXPECT_EQ(s.attributes.at("pixel_um"), 2.5);
  EXPECT_EQ(s.attributes.at("spot_window"), 44);    // 112 um: 44.8 pixels
  EXPECT_EQ(s.attributes.at("niche_window"), 100);  // 40 + 10 on either side
  EXPECT_EQ(made.patch(0, View::spot, 0).width, 224);
}

// Columns of every second row only: a hexagonal array, 80 pixels between spots of a row.
TEST_F(HestPack, PixelsOfVisiumArraysFollowFromTheirPitch) {
  const testing::TemporaryFolder plain;
  h5::Output out(plain / "V.h5ad", plain / "V.h5ad");
  std::vector<int64_t> row, column, counts(9, 3);
  std::vector<double> place;
  std::vector<std::string> spots;
  for (int64_t i = 0; i < 9; ++i) {
    spots.push_back("s" + std::to_string(i));
    row.push_back(i / 3);
    column.push_back(2 * (i % 3) + i / 3 % 2);
    place.insert(place.end(), {40.0 * static_cast<double>(column.back()),
                               69.0 * static_cast<double>(row.back())});
  }
  out.dataset("X", Dtype::i64, {9, 1}, counts.data());
  out.texts("obs/_index", spots);
  out.dataset("obs/array_row", Dtype::i64, {9}, row.data());
  out.dataset("obs/array_col", Dtype::i64, {9}, column.data());
  out.texts("var/_index", {"A"});
  out.dataset("obsm/spatial", Dtype::f64, {9, 2}, place.data());
  out.close();
  fs::copy(plain / "V.h5ad", plain / "W.h5ad");
  write_file(plain / "p.csv", "section,patient\nV,1\nW,2\n");
  write_file(plain / "v.yaml",
             "spatial: {name: v, folder: ., patients: p.csv, genes: {method: mean, count: 1}}\n"
             "split: {folds: 2}\n");
  const auto cohort = SpatialCohort::load(SpatialConfig::load(plain / "v.yaml", {}), false);
  const auto& s = cohort.sections.at(0).section;
  EXPECT_EQ(s.lattice, Lattice::hexagonal);
  EXPECT_EQ(s.pixel_um, 1.25);
  EXPECT_THAT(s.notes, ElementsAre(HasSubstr("1.25 um, is taken from 100 um between")));
  EXPECT_EQ(cohort.sections.at(0).niches.centres.size(), 1u);
}

TEST_F(HestPack, WindowsWithoutTissueAreListed) {
  contours("[[0, 0], [120, 0], [120, 240], [0, 240]]");
  const auto summary = pack();
  // Centres at x = 80 and 120 see tissue on their left; the spot windows at 160 do not.
  EXPECT_EQ(summary.centres, 6 + 9);
  EXPECT_THAT(summary.notes,
              Contains(HasSubstr("X1: 3 spots have a window with too little tissue, and are no "
                                 "centres: s8, s13, s18")));
  contours("[[0, 0], [1, 0], [1, 1]]");
  EXPECT_THAT(testing::message_of([&] { pack(); }),
              HasSubstr("holds no whole window of section 'X1'"));
}

}  // namespace
}  // namespace tractrix::spatial
