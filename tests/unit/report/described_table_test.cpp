#include "tractrix/report/described_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "run_fixture.hpp"
#include "support/folder.hpp"
#include "support/messages.hpp"
#include "support/paths.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/survival/concordance_interval.hpp"

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

constexpr const char* kTested = R"(
title: T
test: wilcoxon
columns: [toy]
rows:
  a: {label: A, source: s, protocol: p, same_folds: true, difference: b, cells: {toy: {folds: [0.61, 0.72, 0.83, 0.64, 0.75]}}}
  b: {label: B, source: s, protocol: p, same_folds: true, difference: c, cells: {toy: {folds: [0.60, 0.70, 0.80, 0.60, 0.70]}}}
  c: {label: C, source: s, protocol: p, difference: d, cells: {toy: {folds: [0.5, 0.6, 0.5, 0.6, 0.5]}}}
  d: {label: D, source: s, protocol: p, cells: {toy: {mean: 0.5}}}
)";

TEST_F(Described, PairedTestsAreOverTheFoldsAndAdjusted) {
  auto file = read(kTested);
  const auto wilcoxon = fill(file, {});
  EXPECT_NEAR(*wilcoxon.differences[0].tests[0].p, 0.0625, 1e-12) << "all five of one sign";
  EXPECT_EQ(wilcoxon.differences[1].tests[0].reason, "the folds do not hold the same patients");
  EXPECT_EQ(wilcoxon.differences[2].tests[0].reason, "no values of single folds");
  file.test = PairedTest::paired_t;  // differences 1 to 5 hundredths: t = 3 / sqrt(0.5), 4 degrees
  const auto student = fill(file, {});
  EXPECT_NEAR(*student.differences[0].tests[0].p, 0.013236, 1e-6);
  EXPECT_NEAR(*student.differences[0].holm[0], 0.013236, 1e-6) << "the only test";
  const auto section = table_document(student).sections[1];
  EXPECT_EQ(section.table.rows[0][1], "+0.0300 (p = 0.0132) *");
  EXPECT_THAT(section.notes, Contains(HasSubstr("Student's paired t test over the folds")));
  EXPECT_THAT(section.notes, Contains(HasSubstr("Not tested (no values of single folds): C")));
}

TEST_F(Described, PatientsOfBothRunsAreCompared) {
  write_run(folder_ / "x_toy", 1);
  write_run(folder_ / "y_toy", 0);
  const auto summary = [&](const char* name) {
    Pairable values;
    values.run = folder_ / name;
    values.folds = {0, 0};
    values.splits = "s";
    return values;
  };
  const auto forth = paired(summary("x_toy"), summary("y_toy"), PairedTest::patients);
  const auto back = paired(summary("y_toy"), summary("x_toy"), PairedTest::patients);
  ASSERT_TRUE(forth.p) << forth.reason;
  EXPECT_NEAR(*forth.p, *back.p, 1e-12);
  // z from the folds' own comparisons, written out
  double difference = 0, variance = 0;
  for (int fold = 0; fold < 2; ++fold) {
    const std::vector<double> time{1, 2, 3, 4};
    const std::vector<uint8_t> event{1, 1, 1, 0};
    std::vector<double> first, second;
    for (const auto& row : testing::four_patients(0, 1 + fold).rows) first.push_back(row.risk);
    for (const auto& row : testing::four_patients(0, fold).rows) second.push_back(row.risk);
    const auto c = survival::compare_concordance(time, event, first, second);
    difference += c.difference;
    variance += c.standard_error * c.standard_error;
  }
  EXPECT_NEAR(*forth.p, std::erfc(std::abs(difference / std::sqrt(variance)) / std::sqrt(2)),
              1e-12);
  auto other = summary("y_toy");
  other.splits = "t";
  EXPECT_EQ(paired(summary("x_toy"), other, PairedTest::patients).reason,
            "the folds do not hold the same patients");
  EXPECT_THAT(paired(summary("x_toy"), summary("x_toy"), PairedTest::patients).reason,
              HasSubstr("undefined: "));
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

TEST_F(Described, TheDocumentedExampleIsRead) {
  const auto page = read_file(testing::source_folder() + "/docs/reports.md");
  const auto begin = page.find("```yaml\n") + 8;
  const auto table = fill(read(page.substr(begin, page.find("```", begin) - begin)), {});
  EXPECT_EQ(table.rows[0].cells[0].reason,
            "no run snn_blca; `tractrix crossval configs/snn/blca.yaml` makes it");
  EXPECT_EQ(table.rows[1].overall.remark, "");
}

TEST(ShippedTables, AreReadAndTheirPublishedMeansHold) {
  for (const auto& entry :
       std::filesystem::directory_iterator(testing::source_folder() + "/configs/tables")) {
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
