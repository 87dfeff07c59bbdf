#include "tractrix/survival/bins.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/cases.hpp"

namespace tractrix::survival {
namespace {

using test::CaseFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::filesystem::path kGoldens =
    std::filesystem::path(testing::goldens_folder()) / "survival";

struct Rows {
  std::vector<double> time;
  std::vector<uint8_t> event;
};

// Rows whose time is a number: where the reference skips a NaN, the edges are refused here.
Rows rows_of(const CaseFile& file, const std::string& name) {
  const auto time = file.doubles(name, "in/time");
  const auto censored = file.integers(name, "in/censored");
  Rows rows;
  for (size_t i = 0; i < time.size(); ++i) {
    if (std::isnan(time[i])) continue;
    rows.time.push_back(time[i]);
    rows.event.push_back(censored[i] == 0 ? 1 : 0);
  }
  return rows;
}

std::vector<int64_t> labels(const std::vector<double>& edges, const std::vector<double>& time) {
  std::vector<int64_t> all;
  for (double t : time) all.push_back(label_inside(edges, t).value_or(-1));
  return all;
}

TEST(BinGoldens, EdgesAndLabelsEqualMcat) {
  const CaseFile file(kGoldens / "binning");
  int64_t compared = 0;
  int64_t refused = 0;
  for (const auto& name : file.names()) {
    if (!file.has(name, "in/censored")) continue;  // pycox's rule
    SCOPED_TRACE(file.about(name));
    const Rows rows = rows_of(file, name);
    const int64_t bins = file.integers(name, "in/bins").at(0);
    const double eps = file.scalar(name, "in/eps");
    if (file.refused(name, "mcat")) {
      EXPECT_THROW(time_edges(rows.time, rows.event, rows.time, bins, eps), Error);
      ++refused;
      continue;
    }
    const auto edges = time_edges(rows.time, rows.event, rows.time, bins, eps);
    EXPECT_EQ(quantile_edges(rows.time, rows.event, bins),
              file.doubles(name, "out/mcat/quantile_edges"));
    EXPECT_EQ(edges, file.doubles(name, "out/mcat/edges"));
    EXPECT_EQ(labels(edges, file.doubles(name, "in/time")), file.integers(name, "out/mcat/label"));
    if (file.has(name, "in/new_time")) {
      EXPECT_EQ(labels(edges, file.doubles(name, "in/new_time")),
                file.integers(name, "out/mcat/new_label"));
    }
    ++compared;
  }
  EXPECT_EQ(compared, 9);
  EXPECT_EQ(refused, 3);
}

TEST(Bins, ClampTimesOutsideTheTrainingEdges) {
  const std::vector<double> train{2, 4, 6, 8, 10};
  const std::vector<uint8_t> event{1, 1, 1, 1, 1};
  const auto edges = time_edges(train, event, train, 4);
  EXPECT_EQ(label(edges, 0.5), 0);
  EXPECT_EQ(label(edges, 4.0), 1);
  EXPECT_EQ(label(edges, 10.0), 3);
  EXPECT_EQ(label(edges, 11.0), 3);
  EXPECT_EQ(label(edges, std::numeric_limits<double>::infinity()), 3);
  EXPECT_EQ(label(edges, -std::numeric_limits<double>::infinity()), 0);
  EXPECT_EQ(label_inside(edges, 0.5), std::nullopt);
  EXPECT_EQ(label_inside(edges, 11.0), std::nullopt);
  EXPECT_EQ(label_inside(edges, std::nan("")), std::nullopt);
  EXPECT_THROW(label(edges, std::nan("")), Error);
}

TEST(Bins, OuterEdgesSeeTheRowsThatTheQuantilesDoNot) {
  const std::vector<double> patients{2, 4, 6, 8, 10};
  const std::vector<uint8_t> event{1, 1, 0, 1, 1};
  const std::vector<double> rows{2, 4, 6, 8, 10, 99, 1};
  EXPECT_THAT(quantile_edges(patients, event, 2), ElementsAre(2, 6, 10));
  EXPECT_THAT(time_edges(patients, event, rows, 2, 0.5), ElementsAre(0.5, 6, 99.5));
  EXPECT_THAT(time_edges(patients, event, rows, 1, 0.5), ElementsAre(0.5, 99.5));
}

std::string refusal(const std::vector<double>& time, const std::vector<uint8_t>& event,
                    const std::vector<double>& all, int64_t bins = 4) {
  try {
    time_edges(time, event, all, bins);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Bins, RefuseWhatHasNoEdges) {
  EXPECT_THAT(refusal({1, 2}, {0, 0}, {1, 2}), HasSubstr("all patients are censored"));
  EXPECT_THAT(refusal({1, 1, 1, 2, 3}, {1, 1, 1, 1, 1}, {1, 3}), HasSubstr("1, 1, 1, 2, 3"));
  EXPECT_THAT(refusal({1, 2}, {1, 0}, {1, 2}), HasSubstr("distinct and ascending"));
  EXPECT_THAT(refusal({1, 2}, {1, 1}, {1, 2}, 0), HasSubstr("at least 1 bin"));
  EXPECT_THAT(refusal({1, 2}, {1, 1}, {}), HasSubstr("no times were given"));
  EXPECT_THAT(refusal({1, 2}, {1, 1}, {1, std::nan("")}), HasSubstr("time of patient 1 is nan"));
  EXPECT_THAT(refusal({1, std::nan("")}, {1, 0}, {1, 2}), HasSubstr("time of patient 1 is nan"));
  EXPECT_THAT(refusal({1, 2}, {1}, {1, 2}), HasSubstr("2 times and 1 events"));
  // Outer edges from rows that do not hold the events.
  EXPECT_THAT(refusal({1, 2, 3, 4, 5}, {1, 1, 1, 1, 1}, {3, 3.5}), HasSubstr("ascending"));
  EXPECT_THROW(label(std::vector<double>{1}, 1), Error);
}

}  // namespace
}  // namespace tractrix::survival
