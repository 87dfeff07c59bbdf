// Gene selection against scanpy 1.11.5, Seurat and TRIPLEX's published code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "support/paths.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/safetensors.hpp"
#include "tractrix/data/spatial/expression.hpp"
#include "tractrix/data/spatial/gene_choice.hpp"
#include "tractrix/data/spatial/readers.hpp"
#include "tractrix/data/spatial/variable_genes.hpp"

namespace tractrix::spatial {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::filesystem::path golden(const std::string& name) {
  return testing::goldens_folder() + "/st_diffusion/" + name;
}

template <class T>
std::vector<double> as_doubles(std::string_view bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return {values.begin(), values.end()};
}

// scanpy on 42 x 260 stored counts.
class Small : public ::testing::Test {
 protected:
  Small() : file_(Safetensors::read(golden("expression_small.safetensors"))) {
    counts_ = from_dense(42, 260, values("in/counts"));
    log_ = log1p(normalised(counts_, 1e4));
  }
  std::vector<double> values(const std::string& key) const {
    const auto& tensor = file_.tensors().at(key);
    if (tensor.dtype == Dtype::i16) return as_doubles<int16_t>(tensor.bytes);
    if (tensor.dtype == Dtype::i64) return as_doubles<int64_t>(tensor.bytes);
    return as_doubles<double>(tensor.bytes);
  }
  std::vector<int64_t> indices(const std::string& key) const {
    const auto list = values(key);
    return {list.begin(), list.end()};
  }
  // Undefined values are stored as -12345.
  void expect_equal(const std::vector<double>& found, const std::string& key,
                    double relative = 1e-10) const {
    SCOPED_TRACE(key);
    const auto expected = values(key);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      if (expected[i] == -12345) {
        EXPECT_TRUE(std::isnan(found[i])) << i;
      } else {
        EXPECT_NEAR(found[i], expected[i], 1e-12 + relative * std::abs(expected[i])) << i;
      }
    }
  }
  void expect_head(const std::vector<double>& found, const std::string& key) const {
    const auto head = values(key + "#head"), summary = values(key + "#summary");
    for (size_t i = 0; i < head.size(); ++i)
      EXPECT_NEAR(found[i], head[i], 1e-12 + 1e-10 * std::abs(head[i])) << key << " " << i;
    double sum = 0;
    for (double value : found) sum += value;
    EXPECT_NEAR(sum, summary[0], 1e-10 * std::abs(summary[0])) << key;
  }
  Counts row_subset(double batch) const {
    const auto is_a = values("in/batch_is_a");
    std::vector<int64_t> rows;
    for (size_t r = 0; r < is_a.size(); ++r)
      if (is_a[r] == batch) rows.push_back(static_cast<int64_t>(r));
    return take_rows(counts_, rows);
  }

  Safetensors file_;
  Counts counts_, log_;
};

TEST_F(Small, TransformsOfTargets) {
  const auto sums = totals(counts_);
  EXPECT_EQ(median_of_nonzero(sums), values("out/median_of_nonzero_totals")[0]);
  expect_head(targets(counts_, Transform::log2p1, sums), "out/log2p1");
  expect_head(targets(counts_, Transform::cpm_log1p, sums, 1e4), "out/log1p_1e4");
  expect_head(targets(normalised(counts_), Transform::counts, sums), "out/normalize_total_median");
  const auto stats = moments({&log_});
  expect_equal(stats.mean, "out/log1p_1e4_gene_mean");
  std::vector<double> variance;
  for (double deviation : stats.deviation) variance.push_back(deviation * deviation);
  expect_equal(variance, "out/log1p_1e4_gene_var_ddof1");
}

TEST_F(Small, SeuratFlavour) {
  const auto found = seurat_dispersion(log_);
  expect_equal(found.mean, "out/seurat_means");
  expect_equal(found.dispersion, "out/seurat_dispersions");
  expect_equal(found.score, "out/seurat_dispersions_norm");
  EXPECT_EQ(top_by_score(found.score, 60), indices("out/seurat_selected"));
}

TEST_F(Small, SeuratFlavourOverTwoSections) {
  const std::vector<Counts> parts{log1p(normalised(row_subset(0), 1e4)),
                                  log1p(normalised(row_subset(1), 1e4))};
  const auto found = seurat_over_sections(parts, 60);
  EXPECT_EQ(found.sections, indices("out/seurat_batch_nbatches"));
  expect_equal(found.score, "out/seurat_batch_dispersions_norm");
  EXPECT_EQ(found.chosen, indices("out/seurat_batch_selected"));
}

// The reference's "direct" fit is ours; its interpolated one differs by up to 0.08 in the scores.
TEST_F(Small, SeuratV3Flavour) {
  const auto found = seurat_v3(counts_);
  expect_equal(found.mean, "out/seurat_v3_means");
  expect_equal(found.dispersion, "out/seurat_v3_variances");
  auto score = found.score;
  for (size_t g = 0; g < score.size(); ++g)
    if (!(found.dispersion[g] > 0)) score[g] = values("out/seurat_v3_variances_norm_direct")[g];
  expect_equal(score, "out/seurat_v3_variances_norm_direct");
  auto chosen = first_by_score(found.score, 60);
  std::sort(chosen.begin(), chosen.end());
  EXPECT_EQ(chosen, indices("out/seurat_v3_selected_direct"));
  const auto interpolated = indices("out/seurat_v3_selected");
  std::vector<int64_t> both;
  std::set_intersection(chosen.begin(), chosen.end(), interpolated.begin(), interpolated.end(),
                        std::back_inserter(both));
  EXPECT_GE(both.size(), 59u);
}

TEST_F(Small, SeuratV3NeedsDifferentMeans) {
  Counts equal = from_dense(3, 40, std::vector<double>(120, 0));
  equal.begin = {0, 40, 40, 40};
  for (int32_t g = 0; g < 40; ++g) equal.column.push_back(g);
  equal.value.assign(40, 1.0);
  EXPECT_THAT(testing::message_of([&] { seurat_v3(equal); }), HasSubstr("genes share one mean"));
}

// Seurat's own table: means, dispersions and scores to 1e-13, the same genes.
TEST(Seurat, ReferenceTable) {
  const std::string data = testing::data_folder() + "/st/";
  const auto section = read_h5ad(data + "anndata/adata_v0.5.0.h5ad", {.layer = "raw"});
  const auto found = seurat_dispersion(log1p(normalised(section.counts, 1e4)));
  const auto table = CsvTable::read(data + "scanpy_hvg_reference/seurat_hvg.csv");
  ASSERT_EQ(table.rows(), 765);
  int64_t flagged = 0;
  for (int64_t g = 0; g < table.rows(); ++g) {
    const auto i = static_cast<size_t>(g);
    ASSERT_EQ(section.genes[i], table.at(g, 0));
    const auto expected = [&](const char* name) {
      return parse_number(table.at(g, table.column(name))).value();
    };
    EXPECT_NEAR(found.mean[i], expected("means"), 1e-13 * std::abs(expected("means")));
    EXPECT_NEAR(found.dispersion[i], expected("dispersions"),
                1e-13 * std::abs(expected("dispersions")));
    EXPECT_NEAR(found.score[i], expected("dispersions_norm"),
                1e-13 + 1e-11 * std::abs(expected("dispersions_norm")));
    const bool is = found.mean[i] > 0.0125 && found.mean[i] < 3 && found.score[i] > 0.5;
    EXPECT_EQ(is, table.at(g, table.column("highly_variable")) == "TRUE") << section.genes[i];
    flagged += is;
  }
  EXPECT_EQ(flagged, 113);
}

// Read by path only: the sections' repository states no licence.
class RealGenes : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("TRACTRIX_HER2ST");
    if (!root) GTEST_SKIP() << "TRACTRIX_HER2ST names no folder";
    for (const char* id : {"B4", "C2", "C3", "C4", "C5", "C6"})
      sections_.push_back(read_her2st(root, id));
    common_ = common_genes(sections_);
    restrict_genes(sections_, common_);
    for (const auto& section : sections_) counts_.push_back(&section.counts);
    lists_ = read_json(golden("her2st_gene_selection.json")).at("lists");
  }
  std::vector<std::string> list(const char* name) const { return lists_.at(name); }
  std::vector<Section> sections_;
  std::vector<std::string> common_;
  std::vector<const Counts*> counts_;
  Json lists_;
};

TEST_F(RealGenes, Intersection) {
  const auto choice = choose_genes(counts_, common_, {});
  EXPECT_EQ(choice.common, 13891);
  EXPECT_EQ(choice.variable, 7585);
  EXPECT_EQ(choice.candidates, 7556);
  EXPECT_EQ(choice.genes, list("hmhvg_intersection_300"));
  const auto reached =
      choose_genes(counts_, common_, {.method = GeneMethod::hmhvg_intersection, .reach = 200});
  EXPECT_GE(reached.genes.size(), 200u);
  EXPECT_LE(reached.genes.size(), 201u);
  EXPECT_LT(reached.k, 300);
}

TEST_F(RealGenes, RankSum) {
  const auto choice = choose_genes(counts_, common_, {.method = GeneMethod::hmhvg_ranksum});
  EXPECT_EQ(choice.genes, list("hmhvg_rank_sum_200"));
}

TEST_F(RealGenes, HighestMean) {
  auto expected = list("highest_mean_1000_first_50");
  std::sort(expected.begin(), expected.end());
  const auto choice = choose_genes(counts_, common_, {.method = GeneMethod::mean, .count = 50});
  EXPECT_EQ(choice.genes, expected);
}

// TRIPLEX's find_geneset gives the same but for one gene at the end of the ranking.
TEST_F(RealGenes, MostVariableOverSections) {
  const GeneOptions options{.method = GeneMethod::hvg, .count = 50, .expressed_in = 0.1};
  const auto choice = choose_genes(counts_, common_, options);
  const auto expected = list("hvg_50_sorted");
  std::vector<std::string> extra, lacking;
  std::set_difference(choice.genes.begin(), choice.genes.end(), expected.begin(), expected.end(),
                      std::back_inserter(extra));
  std::set_difference(expected.begin(), expected.end(), choice.genes.begin(), choice.genes.end(),
                      std::back_inserter(lacking));
  EXPECT_EQ(choice.genes.size(), 50u);
  EXPECT_LE(extra.size(), 1u) << extra.front();
  EXPECT_LE(lacking.size(), 1u) << lacking.front();
}

class Choice : public ::testing::Test {
 protected:
  Choice() {
    std::vector<double> values;
    for (int r = 0; r < 12; ++r)
      for (int g = 0; g < 30; ++g) values.push_back((r * 7 + g * g * 3) % (g + 2));
    counts_ = from_dense(12, 30, values);
    for (int g = 0; g < 30; ++g)
      common_.push_back((g % 10 == 0 ? "MT" : "G") + std::to_string(100 + g));
  }
  GeneChoice choose(const GeneOptions& options) const {
    return choose_genes({&counts_}, common_, options);
  }
  Counts counts_;
  std::vector<std::string> common_;
};

TEST_F(Choice, PrefixesAndCounts) {
  const auto by_mean = choose({.method = GeneMethod::mean, .count = 5});
  EXPECT_EQ(by_mean.genes.size(), 5u);
  EXPECT_EQ(by_mean.candidates, 30);
  const auto without =
      choose({.method = GeneMethod::mean, .count = 5, .exclude_prefixes = {{"MT"}}});
  EXPECT_EQ(without.candidates, 27);
  EXPECT_THAT(testing::message_of([&] { choose({.method = GeneMethod::hvg, .count = 31}); }),
              HasSubstr("31 are asked for, 30 qualify of 30 candidates"));
}

TEST_F(Choice, GenesOfFewSpotsAreNoCandidates) {
  Counts rare = counts_;
  std::vector<int64_t> spots(30, 0);
  for (int32_t g : rare.column) ++spots[static_cast<size_t>(g)];
  const auto often = std::count_if(spots.begin(), spots.end(), [](int64_t n) { return n >= 9; });
  const auto choice =
      choose({.method = GeneMethod::mean, .count = 5, .expressed_in = 0.75});  // 9 of 12
  EXPECT_EQ(choice.candidates, often);
  EXPECT_LT(often, 30);
}

TEST_F(Choice, ListFromAFile) {
  const testing::TemporaryFolder folder;
  GeneOptions options{.method = GeneMethod::list};
  options.file = folder / "genes.txt";
  write_file(options.file, "G105\nG103\n");
  EXPECT_THAT(choose(options).genes, ElementsAre("G105", "G103"));
  write_file(options.file, R"({"genes": ["G103", "G105"]})");
  EXPECT_THAT(choose(options).genes, ElementsAre("G103", "G105"));
  write_file(options.file, "G105\nG105\n");
  EXPECT_THAT(testing::message_of([&] { choose(options); }), HasSubstr("names gene 'G105' twice"));
  write_file(options.file, "G105\nTP53\n");
  EXPECT_THAT(testing::message_of([&] { choose(options); }),
              HasSubstr("1 of 2 genes are not in all sections: TP53"));
}

TEST(Common, AnEmptyIntersectionSaysWhatTheNamesLookLike) {
  Section a, b;
  a.id = "A";
  a.genes = {"TP53"};
  b.id = "B";
  b.genes = {"ENSG00000141510"};
  EXPECT_THAT(testing::message_of([&] {
                common_genes({a, b});
              }),
              HasSubstr("no gene is in all sections; first names are A: TP53, B: ENSG00000141510"));
}

}  // namespace
}  // namespace tractrix::spatial
