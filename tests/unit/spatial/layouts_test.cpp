// Folders: Space Ranger of both generations, HEST-1k, her2st.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "support/paths.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/spatial/readers.hpp"

namespace tractrix::spatial {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

fs::path data() { return testing::data_folder() + "/st"; }

class VisiumFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy(data() / "visium_v1_small", folder_ / "slide", fs::copy_options::recursive);
  }
  fs::path slide() const { return folder_ / "slide"; }
  std::string message() {
    return testing::message_of([&] { read_visium(slide()); });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(VisiumFolder, PositionsWithoutAHeaderAndWithOneAreTheSame) {
  const auto old = read_visium(slide());
  const auto list = slide() / "spatial/tissue_positions_list.csv";
  write_file(slide() / "spatial/tissue_positions.csv",
             "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres\n" +
                 read_file(list));
  fs::remove(list);
  const auto with_header = read_visium(slide());
  EXPECT_EQ(with_header.barcodes, old.barcodes);
  EXPECT_EQ(with_header.x, old.x);
  EXPECT_EQ(with_header.array_row, old.array_row);
  EXPECT_EQ(old.lattice, Lattice::hexagonal);
  EXPECT_NEAR(old.spot_pixels.value(), 89.42751063343188, 1e-12);
  EXPECT_EQ(old.id, "slide");
  for (int64_t i = 0; i < old.spots(); ++i)
    EXPECT_EQ((old.array_row[i] + old.array_column[i]) % 2, 0);
}

TEST_F(VisiumFolder, TheColumnOfPixelsIsX) {
  const auto s = read_visium(slide());
  const auto text = read_file(slide() / "spatial/tissue_positions_list.csv");
  const auto at = text.find(s.barcodes[0] + ",1,");
  ASSERT_NE(at, std::string::npos);
  const auto line = text.substr(at, text.find_first_of("\r\n", at) - at);
  const auto comma = line.rfind(',');
  EXPECT_EQ(s.x[0], std::stod(line.substr(comma + 1)));
  EXPECT_EQ(s.y[0], std::stod(line.substr(line.rfind(',', comma - 1) + 1)));
}

TEST_F(VisiumFolder, SpotsWithoutAPositionAreListed) {
  const auto all = read_visium(slide());
  std::string text = read_file(slide() / "spatial/tissue_positions_list.csv");
  const auto at = text.find(all.barcodes[0]);
  text.erase(at, text.find('\n', at) + 1 - at);
  write_file(slide() / "spatial/tissue_positions_list.csv", text);
  const auto s = read_visium(slide());
  EXPECT_EQ(s.spots(), all.spots() - 1);
  EXPECT_THAT(s.notes, Contains(AllOf(HasSubstr("1 spots have counts but no position"),
                                      HasSubstr(all.barcodes[0]))));
}

TEST_F(VisiumFolder, WhatIsWrongIsNamed) {
  const auto list = slide() / "spatial/tissue_positions_list.csv";
  const std::string text = read_file(list);
  write_file(list, text + text.substr(0, text.find('\n') + 1));
  EXPECT_THAT(message(), HasSubstr("1 barcodes are there more than once"));
  write_file(list, "AAAC-1,1,0,0,5\n");
  EXPECT_THAT(message(), HasSubstr("tissue_positions_list.csv:1: has 5 fields"));
  write_file(list, "AAAC-1,1,0,0,5,x\n");
  EXPECT_THAT(message(), HasSubstr("'x' in column 6 is no number"));
  write_file(list, "AAAC-1,1,0,0,5,5\n");
  EXPECT_THAT(message(), HasSubstr("knows none of the 100 barcodes"));
  fs::remove(list);
  EXPECT_THAT(message(), HasSubstr("holds no tissue_positions.csv and no"));
  write_file(slide() / "spatial/tissue_positions.parquet", "PAR1");
  EXPECT_THAT(message(), HasSubstr("parquet format, which is not read"));
  fs::remove(slide() / "filtered_feature_bc_matrix.h5");
  EXPECT_THAT(message(), HasSubstr("holds no filtered_feature_bc_matrix"));
}

TEST(Hest, MetadataPatientAndImage) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"st", "wsis", "metadata"}) fs::create_directory(folder / name);
  fs::copy(data() / "made/csr.h5ad", folder / "st/NCBI1.h5ad");
  fs::copy(data() / "made/csr.h5ad", folder / "st/NCBI2.h5ad");
  write_file(folder / "wsis/NCBI1.tif", "II*");
  write_file(folder / "metadata/NCBI1.json", R"({"pixel_size_um_estimated": 0.757})");
  write_file(folder / "HEST_v1_1_0.csv",
             "\xEF\xBB\xBF"
             "dataset_title,id,patient\nKidney,NCBI1,Patient 3\nSkin,NCBI2, \n");
  EXPECT_EQ(detect_layout(folder.path()), Layout::hest);
  EXPECT_THAT(list_sections(folder.path(), Layout::detect), ElementsAre("NCBI1", "NCBI2"));
  const auto s = read_section(folder.path(), Layout::detect, "NCBI1");
  EXPECT_EQ(s.patient, "Kidney: Patient 3");
  EXPECT_EQ(s.pixel_um, 0.757);
  EXPECT_EQ(s.image, folder / "wsis/NCBI1.tif");
  EXPECT_THAT(testing::message_of([&] { read_hest(folder.path(), "NCBI2"); }),
              HasSubstr("NCBI2.json"));
  write_file(folder / "metadata/NCBI2.json", R"({"pixel_size_um_estimated": null})");
  EXPECT_THAT(testing::message_of([&] { read_hest(folder.path(), "NCBI2"); }),
              HasSubstr("names no pixel_size_um_estimated"));
  write_file(folder / "metadata/NCBI2.json", R"({"pixel_size_um_estimated": 0.5})");
  EXPECT_EQ(read_hest(folder.path(), "NCBI2").patient, "");  // blanks are no name
}

class Her2stFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"ST-cnts", "ST-spotfiles", "ST-imgs"})
      fs::create_directory(folder_ / name);
    counts("\tG1\tG2\n10x20\t0\t3\n11x20\t1\t0\n12x20\t4\t4\n");
    spots(
        "10\t20\t9.9\t20\t1000\t2000\t1\n11\t20\t11\t20\t1250\t2000\t1\n"
        "12\t20\t12\t20\t1500\t2000\t0\n13\t20\t13\t20\t1750\t2000\t1\n");
  }
  void counts(const std::string& text) { write_file(folder_ / "ST-cnts/B7.tsv", text); }
  void spots(const std::string& rows) {
    write_file(folder_ / "ST-spotfiles/B7_selection.tsv",
               "x\ty\tnew_x\tnew_y\tpixel_x\tpixel_y\tselected\n" + rows);
  }
  std::string message() {
    return testing::message_of([&] { read_her2st(folder_.path(), "B7"); });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Her2stFolder, TheIntersectionIsKeptAndTheRestIsListed) {
  write_file(folder_ / "ST-imgs/B7_x.jpg", "x");
  const auto s = read_section(folder_.path(), Layout::detect, "B7");
  EXPECT_THAT(s.barcodes, ElementsAre("10x20", "11x20"));
  EXPECT_THAT(s.x, ElementsAre(1000, 1250));
  EXPECT_THAT(s.array_column, ElementsAre(10, 11));
  EXPECT_THAT(s.counts.value, ElementsAre(3, 1));
  EXPECT_EQ(s.patient, "B");
  EXPECT_EQ(s.lattice, Lattice::square);
  EXPECT_EQ(s.pixel_um, 0.8);  // 200 um per 250 pixels
  EXPECT_EQ(s.spot_pixels, 125.0);
  EXPECT_EQ(s.image, folder_ / "ST-imgs/B7_x.jpg");
  EXPECT_THAT(s.notes,
              ElementsAre(HasSubstr("1 counted spots are not selected and are left out: 12x20"),
                          HasSubstr("1 selected spots have no counts and are left out: 13x20")));
}

TEST_F(Her2stFolder, WhatIsWrongIsNamed) {
  counts("\tG1\n10y20\t0\n");
  EXPECT_THAT(message(), HasSubstr("'10y20' is no spot name such as 10x21"));
  counts("\tG1\n10x20\tmany\n");
  EXPECT_THAT(message(), HasSubstr("'many' is no count (gene G1)"));
  counts("\tG1\n1x1\t0\n");
  EXPECT_THAT(message(), HasSubstr("selects none of the 1 spots of the counts, such as 1x1"));
  spots("1\t1\t1\t1\t5\t5\t1\n1\t1\t1\t1\t6\t6\t1\n");
  EXPECT_THAT(message(), HasSubstr("names spot 1x1 a second time"));
  fs::remove(folder_ / "ST-cnts/B7.tsv");
  EXPECT_THAT(message(), HasSubstr("holds no counts of section 'B7'"));
}

// The real sections are read by path only: their repository states no licence.
TEST(Her2st, RealSections) {
  const char* root = std::getenv("TRACTRIX_HER2ST");
  if (!root) GTEST_SKIP() << "TRACTRIX_HER2ST names no folder";
  const std::vector<std::pair<std::string, int64_t>> expected{
      {"B4", 283}, {"C2", 187}, {"C3", 180}, {"C4", 184}, {"C5", 181}, {"C6", 178}};
  for (const auto& [id, spots] : expected) {
    const auto s = read_her2st(root, id);
    EXPECT_EQ(s.spots(), spots) << id;
    EXPECT_FALSE(s.image.empty()) << id;
    EXPECT_NEAR(s.pixel_um.value(), 0.73, 0.05) << id;
    require_counts(s);
  }
}

TEST(Layouts, AnUnknownFolderSaysWhatIsKnown) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT(testing::message_of([&] { detect_layout(folder.path()); }),
              HasSubstr("is no known folder of sections"));
  EXPECT_THAT(testing::message_of([&] { detect_layout(folder / "none"); }),
              HasSubstr("there is no such file or folder"));
  EXPECT_TRUE(is_section_file(data() / "tenx/cellranger_1.2.0_multiple_genomes.h5"));
  EXPECT_TRUE(is_section_file(data() / "made/csr.h5ad"));
  EXPECT_FALSE(is_section_file(data() / "images/waves.png"));
  EXPECT_EQ(detect_layout(data() / "made"), Layout::h5ad);
  EXPECT_EQ(detect_layout(data() / "tenx/cellranger_3.0.0_mex"), Layout::tenx);
  EXPECT_EQ(detect_layout(data() / "visium_v1_small"), Layout::visium);
}

}  // namespace
}  // namespace tractrix::spatial
