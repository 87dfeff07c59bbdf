// Files of every generation hold what h5py reads from them (tests/data/st/expected.json).
#include "tractrix/data/spatial/readers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "support/paths.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/seed.hpp"

namespace tractrix::spatial {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::filesystem::path data() { return testing::data_folder() + "/st"; }

double weighted(const Counts& counts) {
  double sum = 0;
  for (int64_t r = 0; r < counts.rows(); ++r)
    for (auto k = counts.begin[r]; k < counts.begin[r + 1]; ++k)
      sum += counts.value[k] * static_cast<double>((r * 31 + counts.column[k] * 7) % 97 + 1);
  return sum;
}

void expect_section(const Section& s, const std::string& key) {
  SCOPED_TRACE(key);
  const auto expected = read_json(data() / "expected.json").at(key);
  EXPECT_EQ(s.spots(), expected.at("spots").get<int64_t>());
  EXPECT_EQ(static_cast<int64_t>(s.genes.size()), expected.at("genes").get<int64_t>());
  EXPECT_EQ(s.counts.stored(), expected.at("stored").get<int64_t>());
  double sum = 0;
  for (double value : s.counts.value) sum += value;
  EXPECT_NEAR(sum, expected.at("sum").get<double>(), 1e-12 * std::abs(sum));
  EXPECT_NEAR(weighted(s.counts), expected.at("weighted").get<double>(), 1e-10 * std::abs(sum));
  EXPECT_EQ(s.barcodes.front(), expected.at("first").at(0));
  EXPECT_EQ(s.genes.front(), expected.at("first").at(1));
  EXPECT_EQ(s.barcodes.back(), expected.at("last").at(0));
  EXPECT_EQ(s.genes.back(), expected.at("last").at(1));
}

TEST(H5ad, EveryGenerationAndMatrixForm) {
  for (const char* file : {"anndata/adata_v0.5.0.h5ad", "anndata/adata_v0.7.0.h5ad",
                           "anndata/adata_v0.7.8.h5ad", "squidpy/test_data.h5ad"})
    expect_section(read_h5ad(data() / file), file + std::string(" X"));
  for (const char* file :
       {"anndata/adata_v0.5.0.h5ad", "anndata/adata_v0.7.0.h5ad", "anndata/adata_v0.7.8.h5ad"})
    expect_section(read_h5ad(data() / file, {.layer = "raw"}), file + std::string(" raw"));
}

TEST(H5ad, DenseCsrAndCscAreTheSameSection) {
  const auto dense = read_h5ad(data() / "made/dense_int64.h5ad");
  expect_section(dense, "made/dense_int64.h5ad X");
  for (const char* file : {"made/csr.h5ad", "made/csc.h5ad"}) {
    const auto other = read_h5ad(data() / file);
    EXPECT_EQ(other.counts.begin, dense.counts.begin);
    EXPECT_EQ(other.counts.column, dense.counts.column);
    EXPECT_EQ(other.counts.value, dense.counts.value);
  }
}

TEST(H5ad, CategoriesOfAllEncodings) {
  const auto old = read_h5ad(data() / "anndata/adata_v0.5.0.h5ad");  // names in uns
  EXPECT_EQ(old.labels.at("bulk_labels").names.size(), 10u);
  EXPECT_EQ(old.labels.at("louvain").code.size(), 700u);
  const auto beside = read_h5ad(data() / "anndata/adata_v0.7.0.h5ad");  // __categories
  EXPECT_EQ(beside.labels.at("obs_cat").names.size(), 22u);
  const auto group = read_h5ad(data() / "squidpy/test_data.h5ad");  // codes and categories
  EXPECT_EQ(group.labels.at("leiden").names.size(), 5u);
  const auto made = read_h5ad(data() / "made/csr.h5ad");
  EXPECT_THAT(made.labels.at("region").names, ElementsAre("core", "edge", "unused"));
  EXPECT_THAT(made.labels.at("region").code, ElementsAre(0, 1, -1, 0, 1, -1, 0, 1, -1, 0, 1, -1));
  EXPECT_THAT(made.labels.at("donor").names, ElementsAre("p1", "p2"));  // text, no category
  EXPECT_EQ(made.labels.at("donor").code.back(), 1);
}

TEST(H5ad, PlacesScalesAndRepeatedGenes) {
  const auto made = read_h5ad(data() / "made/csr.h5ad");
  EXPECT_EQ(made.x.at(2), 120.5);
  EXPECT_EQ(made.y.at(2), 202);
  EXPECT_EQ(made.array_row.at(5), 1);
  EXPECT_EQ(made.array_column.at(5), 3);
  EXPECT_FALSE(made.in_tissue.at(3));
  EXPECT_TRUE(made.in_tissue.at(4));
  EXPECT_EQ(made.spot_pixels, 55.0);
  EXPECT_THAT(made.genes, ElementsAre("A", "B", "B-1", "C", "D", "E", "F"));
  EXPECT_THAT(made.notes, ElementsAre(HasSubstr("1 genes carry a name that is there before")));
  const auto visium = read_h5ad(data() / "squidpy/test_data.h5ad");
  EXPECT_TRUE(visium.placed());
  EXPECT_GT(visium.scales.at("tissue_hires_scalef"), 0);
  EXPECT_EQ(visium.gene_ids.size(), visium.genes.size());
}

std::string refusal(const std::string& file, const ReadOptions& options = {}) {
  return testing::message_of([&] { read_h5ad(data() / file, options); });
}

TEST(H5ad, WhatIsWrongIsNamed) {
  EXPECT_THAT(refusal("anndata/adata_v0.11.4.h5ad"), HasSubstr("holds no matrix 'X'"));
  EXPECT_THAT(refusal("anndata/adata_v0.7.0.h5ad", {.layer = "counts"}),
              HasSubstr("there are: array, sparse, raw"));
  EXPECT_THAT(refusal("made/bad_duplicate_barcode.h5ad"),
              HasSubstr("1 barcodes are there more than once: spot1"));
  EXPECT_THAT(refusal("made/bad_positions_short.h5ad"), HasSubstr("of another shape than [12, 2]"));
  EXPECT_THAT(refusal("made/bad_position_nan.h5ad"),
              HasSubstr("1 spots have a position that is not finite: spot2"));
  EXPECT_THAT(refusal("made/bad_code.h5ad"), HasSubstr("has code 9 in 'region', there are 3"));
  EXPECT_THAT(refusal("made/bad_external_link.h5ad"), HasSubstr("links are never followed"));
  EXPECT_THAT(refusal("made/bad_truncated.h5ad"), HasSubstr("is a damaged HDF5 file"));
  EXPECT_THAT(refusal("expected.json"), HasSubstr("expected.json"));
}

// Whatever a byte is changed to, the file is read or refused; the library never takes us down.
TEST(H5ad, ChangedBytesAreReadOrRefused) {
  const testing::TemporaryFolder folder;
  const std::string whole = read_file(data() / "made/csr.h5ad");
  const Seed seed(7);
  int refused = 0;
  for (uint64_t i = 0; i < 60; ++i) {
    std::string bytes = whole;
    for (uint64_t k = 0; k < 8; ++k) {
      const double where = seed.at("where", i).uniform(k);
      bytes[static_cast<size_t>(where * static_cast<double>(bytes.size()))] =
          static_cast<char>(256 * seed.at("what", i).uniform(k));
    }
    write_file(folder / "changed.h5ad", bytes);
    try {
      check_section(read_h5ad(folder / "changed.h5ad"));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 60);
}

TEST(H5ad, CountsAreToldFromOtherNumbers) {
  require_counts(read_h5ad(data() / "made/csr.h5ad"));
  const auto message = [](const std::string& file) {
    return testing::message_of([&] { require_counts(read_h5ad(data() / file)); });
  };
  EXPECT_THAT(message("made/bad_negative.h5ad"),
              HasSubstr("1 negative and 0 fractional of 26 values, the first -3 (spot spot2, gene "
                        "B)"));
  EXPECT_THAT(message("made/bad_fraction.h5ad"), HasSubstr("0 negative and "));
}

TEST(TenX, EveryGeneration) {
  for (const char* file : {"tenx/cellranger_1.2.0_filtered_gene_bc_matrices_h5.h5",
                           "tenx/cellranger_3.0.0_filtered_feature_bc_matrix.h5",
                           "visium_v1_small/filtered_feature_bc_matrix.h5"})
    expect_section(read_tenx_h5(data() / file), file);
  const std::string mex = "tenx/cellranger_3.0.0_mex";
  expect_section(read_mex(data() / mex), mex);
}

TEST(TenX, ProbesAndGenomes) {
  const std::string probes = "tenx/spaceranger_2.1.0_raw_probe_bc_matrix.h5";
  expect_section(read_tenx_h5(data() / probes), probes);
  const auto file = data() / "tenx/cellranger_1.2.0_multiple_genomes.h5";
  EXPECT_THAT(testing::message_of([&] { read_tenx_h5(file); }),
              HasSubstr("holds 2 genomes: another_genome, hg19_chr21"));
  expect_section(read_tenx_h5(file, {.genome = "another_genome"}),
                 "tenx/cellranger_1.2.0_multiple_genomes.h5 another_genome");
  EXPECT_THAT(testing::message_of([&] { read_tenx_h5(file, {.genome = "mm10"}); }),
              HasSubstr("holds no genome 'mm10'"));
  EXPECT_THAT(testing::message_of([&] { read_tenx_h5(data() / "made/csr.h5ad"); }),
              HasSubstr("is no 10x matrix"));
}

class MexFolder : public ::testing::Test {
 protected:
  void write(const std::string& matrix, const std::string& barcodes = "b1\nb2\n") {
    write_file(folder_ / "matrix.mtx",
               "%%MatrixMarket matrix coordinate integer general\n" + matrix);
    write_file(folder_ / "barcodes.tsv", barcodes);
    write_file(folder_ / "genes.tsv", "id1\tA\nid2\tB\nid3\tC\n");
  }
  std::string message() {
    return testing::message_of([&] { read_mex(folder_.path()); });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(MexFolder, EntriesInAnyOrder) {
  write("3 2 3\n3 2 5\n1 1 2\n2 2 7\n");
  const auto s = read_mex(folder_.path());
  EXPECT_THAT(s.counts.begin, ElementsAre(0, 1, 3));
  EXPECT_THAT(s.counts.column, ElementsAre(0, 1, 2));
  EXPECT_THAT(s.counts.value, ElementsAre(2, 7, 5));
}

TEST_F(MexFolder, DefectsAreNamedWithTheirLine) {
  write("3 2 2\n3 2 5\n");
  EXPECT_THAT(message(), HasSubstr("announces 2 entries and has 1"));
  write("3 2 1\n4 2 5\n");
  EXPECT_THAT(message(), HasSubstr("matrix.mtx:3: lies outside of the matrix"));
  write("3 2 1\n1 2\n");
  EXPECT_THAT(message(), HasSubstr("matrix.mtx:3: is no entry"));
  write("3 2 2\n1 1 5\n1 1 6\n");
  EXPECT_THAT(message(), HasSubstr("has column 0 twice in row 0"));
  write("3 2 1\n1 1 5\n", "b1\nb1\n");
  EXPECT_THAT(message(), HasSubstr("1 barcodes are there more than once: b1"));
  write("3 2 1\n1 1 5\n", "b1\n");
  EXPECT_THAT(message(), HasSubstr("is a matrix [3, 2] for 3 features and 1 barcodes"));
  std::filesystem::remove(folder_ / "barcodes.tsv");
  EXPECT_THAT(message(), HasSubstr("holds no barcodes.tsv or barcodes.tsv.gz"));
}

}  // namespace
}  // namespace tractrix::spatial
