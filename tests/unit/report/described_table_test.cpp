#include "tractrix/report/described_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_fixture.hpp"
#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/csv.hpp"

namespace tractrix::report {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::write_run;

constexpr const char* kTable = R"(
title: Toy
columns: [toy, other]
overall: true
rows:
  ours: {label: Ours, run: "net_{column}", config: "configs/net/{column}.yaml", difference: paper}
  paper:
    label: Paper
    source: a journal
    protocol: last epoch
    overall: 0.85
    cells:
      toy: {mean: 0.8, folds: [0.7, 0.9]}
      other: {mean: 0.7, std: 0.1, folds: [0.6, 0.9], note: small cohort}
)";

class Described : public ::testing::Test {
 protected:
  TableFile read(const std::string& text) {
    write_file(folder_ / "t.yaml", text);
    return read_table_file(folder_ / "t.yaml");
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Described, CellsComeFromRunsAndPapers) {
  write_run(folder_ / "runs" / "net_toy", 0);  // folds of 6/6 and 5/6
  const auto table = fill(read(kTable), {folder_ / "runs"});
  const auto& ours = table.rows[0].cells;
  EXPECT_NEAR(*ours[0].mean, 11.0 / 12, 1e-12);
  EXPECT_NEAR(*ours[0].std, 1.0 / 12, 1e-12);
  EXPECT_FALSE(ours[1].mean);
  EXPECT_EQ(ours[1].reason,
            "no run net_other; `tractrix crossval configs/net/other.yaml` makes it");
  EXPECT_FALSE(table.rows[0].overall.mean) << "a mean over fewer columns is another number";
  EXPECT_NEAR(*table.rows[1].cells[0].std, 0.1, 1e-12) << "from the folds";
}

TEST_F(Described, PublishedMeansAreComputedAgain) {
  const auto table = fill(read(kTable), {});
  const auto& paper = table.rows[1];
  EXPECT_EQ(paper.cells[0].remark, "") << "0.8 is the mean of 0.7 and 0.9";
  EXPECT_EQ(paper.cells[1].remark, "published mean 0.7000, its folds give 0.7500; small cohort");
  EXPECT_EQ(paper.overall.remark, "published mean over the columns 0.8500, its cells give 0.7500");
  const auto notes = table_document(table).sections[0].notes;
  EXPECT_THAT(notes, Contains("(a) published mean 0.7000, its folds give 0.7500; small cohort"));
}

TEST_F(Described, DifferencesAreAbsoluteAndNameTheirRow) {
  write_run(folder_ / "net_toy", 0);
  const auto document = table_document(fill(read(kTable), {folder_ / "net_toy"}));
  const auto& differences = document.sections[1].table;
  EXPECT_THAT(differences.header,
              ElementsAre("absolute difference in C-index", "toy", "other", "mean of columns"));
  EXPECT_THAT(differences.rows,
              ElementsAre(ElementsAre("Ours, last epoch minus row Paper, last epoch", "+0.1167",
                                      "missing", "missing")));
  const auto data = CsvTable::parse(csv(document.data), "csv");
  EXPECT_NEAR(*parse_number(data.at(0, data.column("difference"))), 11.0 / 12 - 0.8, 1e-12);
  EXPECT_EQ(data.at(0, data.column("difference_to")), "paper");
  EXPECT_EQ(data.at(1, data.column("mean")), "");
}

TEST_F(Described, UnfinishedAndForeignRunsGiveNoNumber) {
  testing::write_facts(folder_ / "net_toy", {});
  testing::write_fold(folder_ / "net_toy", 0, 0, -1, 0);
  const auto table = fill(read(kTable), {folder_.path()});
  EXPECT_EQ(table.rows[0].cells[0].reason, "1 of 2 folds are finished");
  write_run(folder_ / "net_other", 0);  // its run.json says toy
  EXPECT_THAT(message_of([&] { fill(read(kTable), {folder_.path()}); }),
              HasSubstr("is a run of 'toy', the table's column is 'other'"));
  std::filesystem::remove_all(folder_ / "net_other");
  write_run(folder_ / "b" / "net_toy", 0);
  EXPECT_THAT(message_of([&] {
                fill(read(kTable), {folder_.path(), folder_ / "b"});
              }),
              HasSubstr("is there more than once"));
}

TEST_F(Described, SyntheticRunsCarryTheBanner) {
  testing::RunText made_up;
  made_up.synthetic = true;
  write_run(folder_ / "net_toy", 0, made_up);
  const auto document = table_document(fill(read(kTable), {folder_.path()}));
  EXPECT_THAT(document.banners, ElementsAre(HasSubstr("no real slide features were used")));
  const auto data = CsvTable::parse(csv(document.data), "csv");
  EXPECT_EQ(data.at(0, data.column("synthetic_bags")), "yes");
}

TEST_F(Described, RankingLeavesOutWhatIsNoResult) {
  const auto table = fill(read(R"(
title: T
columns: [toy]
rows:
  a: {label: A, source: s, protocol: p, cells: {toy: {mean: 0.9, ranked: false}}}
  b: {label: B, source: s, protocol: p, cells: {toy: {mean: 0.8}}}
  c: {label: C, source: s, protocol: p, cells: {toy: {mean: 0.7}}}
  d: {label: D, source: s, protocol: p, selection: best, cells: {toy: {mean: 0.95}}}
)"),
                          {});
  const auto emphasis = table_document(table).sections[0].table.emphasis;
  EXPECT_THAT(emphasis, ElementsAre(std::pair(std::pair<size_t, size_t>(1, 1), Emphasis::best),
                                    std::pair(std::pair<size_t, size_t>(2, 1), Emphasis::second)));
}

TEST_F(Described, EveryDefectIsNamedAtOnce) {
  const auto message = message_of([&] {
    read(R"(
title: T
columns: [toy]
rows:
  a: {label: A, cells: {toy: {mean: 0.5}}}
  b: {label: B, run: net}
  c: {label: C, run: "n_{column}", difference: c}
  d: {label: D, run: "n_{column}", cells: {toi: {note: x}, toy: {maen: 0.5}}}
  e: {label: E}
)");
  });
  EXPECT_THAT(
      message,
      AllOf(HasSubstr("must say where published values come from"), HasSubstr("must hold {column}"),
            HasSubstr("'c.difference' is 'c', the key of another row"),
            HasSubstr("'d.cells.toi' is no column"), HasSubstr("did you mean 'mean'?"),
            HasSubstr("there are no published cells either")));
}

TEST(ShippedTables, AreReadAndTheirPublishedMeansHold) {
  for (const auto& entry : std::filesystem::directory_iterator(TRACTRIX_SOURCE "/configs/tables")) {
    const auto table = fill(read_table_file(entry.path()), {});
    for (const auto& row : table.rows) {
      if (!row.description.run.empty()) continue;
      for (const auto& cell : row.cells) {
        EXPECT_TRUE(cell.mean) << entry.path() << " " << row.key;
        EXPECT_THAT(cell.remark, ::testing::Not(HasSubstr("its folds give"))) << row.key;
      }
    }
  }
}

}  // namespace
}  // namespace tractrix::report
