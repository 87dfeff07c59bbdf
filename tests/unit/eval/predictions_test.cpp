#include "tractrix/eval/predictions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::eval {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using ::testing::Not;
using testing::TemporaryFolder;

class PredictionFile : public ::testing::Test {
 protected:
  Predictions read(const std::string& text, const ColumnMap& map = {}) {
    write_file(folder_ / "p.csv", text);
    return read_predictions(folder_ / "p.csv", map);
  }
  std::string refusal(const std::string& text, const ColumnMap& map = {}) {
    return message_of([&] { read(text, map); });
  }
  TemporaryFolder folder_;
};

TEST_F(PredictionFile, ReadsBackToTheSameBits) {
  Predictions written;
  written.rows = {{"TCGA-1", 3, 12.499999999999998, true, -2.2516441345214844, {0.1, 1.0 / 3}},
                  {"two, \"quoted\"", 3, 0.1 + 0.2, false, std::nextafter(1.0, 2.0), {1, 5e-324}},
                  {"unlabelled", 0, std::nullopt, std::nullopt, -0.0, {0, 1e-300}}};
  write_predictions(folder_ / "p.csv", written);
  EXPECT_THAT(read_file(folder_ / "p.csv"),
              ::testing::StartsWith("case_id,fold,time,event,risk,S_t1,S_t2\nTCGA-1,3,12.49"));
  const Predictions back = read_predictions(folder_ / "p.csv");
  ASSERT_EQ(back.rows.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const auto &a = written.rows[i], &b = back.rows[i];
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.fold, b.fold);
    EXPECT_EQ(a.time, b.time);
    EXPECT_EQ(a.event, b.event);
    EXPECT_EQ(a.risk, b.risk);
    EXPECT_EQ(a.survival, b.survival);
  }
  EXPECT_TRUE(std::signbit(back.rows[2].risk));
}

TEST_F(PredictionFile, IsReplacedWholeAndLeavesNothingBehind) {
  const Predictions one{{{"a", 0, 1.0, true, 0.5, {}}}};
  write_predictions(folder_ / "p.csv", one);
  write_predictions(folder_ / "p.csv", one);
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    ++files;
  EXPECT_EQ(files, 1u);
  EXPECT_EQ(read_file(folder_ / "p.csv"), "case_id,fold,time,event,risk\na,0,1,1,0.5\n");
}

TEST_F(PredictionFile, RowsOfDifferentWidthAreABug) {
  const Predictions ragged{{{"a", 0, 1.0, true, 0.5, {0.5}}, {"b", 0, 2.0, true, 0.5, {}}}};
  EXPECT_THROW(write_predictions(folder_ / "p.csv", ragged), std::logic_error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "p.csv"));
}

TEST_F(PredictionFile, ForeignColumnsAreMapped) {
  ColumnMap map;
  map.id = "patient";
  map.time = "months";
  map.censorship = "c";
  map.risk = "score";
  map.risk_is_survival = true;
  const auto p = read("extra,score,c,months,patient\nx,0.75,1,10,A\ny,0.25,0,4,B\n", map);
  ASSERT_EQ(p.rows.size(), 2u);
  EXPECT_EQ(p.rows[0].id, "A");
  EXPECT_EQ(p.rows[0].event, false);
  EXPECT_EQ(p.rows[1].event, true);
  EXPECT_EQ(p.rows[0].risk, -0.75);
  EXPECT_EQ(p.rows[0].fold, 0);
  EXPECT_EQ(p.rows[1].time, 4.0);
}

TEST_F(PredictionFile, SurvivalColumnsAreReadByNumber) {
  const auto p = read("case_id,time,event,S_t2,risk,S_t1\nA,1,1,0.25,0.5,0.75\n");
  EXPECT_EQ(p.rows.at(0).survival, (std::vector<double>{0.75, 0.25}));
  EXPECT_THAT(refusal("case_id,time,event,risk,S_t1,S_t3\nA,1,1,0.5,0.7,0.2\n"),
              HasSubstr("no column \"S_t2\""));
}

TEST_F(PredictionFile, EveryDefectIsListedWithItsLine) {
  const std::string head = "case_id,fold,time,event,risk,S_t1\n";
  const std::string all = refusal(head +
                                  "A,0,1,1,0.5,0.5\n"
                                  "B,0,1,1,nan,0.5\n"
                                  "C,0,1,2,0.5,0.5\n"
                                  "D,x,1,1,0.5,0.5\n"
                                  "E,0,1m,1,0.5,0.5\n"
                                  "F,0,1,1,0.5,1.5\n"
                                  ",0,1,1,0.5,0.5\n"
                                  "A,0,1,1,0.5,0.5\n"
                                  "A,1,1,1,0.5,0.5\n");
  EXPECT_THAT(all,
              AllOf(HasSubstr("p.csv:3: 'risk' is 'nan'"), HasSubstr("p.csv:4: 'event' is '2'"),
                    HasSubstr("p.csv:5: 'fold' is 'x'"), HasSubstr("p.csv:6: 'time' is '1m'"),
                    HasSubstr("p.csv:7: 'S_t1' is '1.5'")));
  EXPECT_THAT(all, AllOf(HasSubstr("p.csv:8: 'case_id' is ''"),
                         HasSubstr("p.csv:9: patient 'A' is twice in fold 0"),
                         Not(HasSubstr("p.csv:2:")), Not(HasSubstr("p.csv:10:"))));
}

TEST_F(PredictionFile, AMissingColumnIsNamedWithWhatIsThere) {
  EXPECT_THAT(refusal("case_id,time,event,hazard\nA,1,1,0.5\n"),
              AllOf(HasSubstr("has no column \"risk\""), HasSubstr("\"hazard\"")));
  ColumnMap map;
  map.censorship = "censored";
  EXPECT_THAT(refusal("case_id,time,event,risk\nA,1,1,0.5\n", map),
              HasSubstr("has no column \"censored\""));
}

}  // namespace
}  // namespace tractrix::eval
