// Inputs taken away on purpose: by each patient's own lot, never the last one.
#include "tractrix/data/withheld.hpp"

#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/fold_view.hpp"

namespace tractrix::data {
namespace withheld_facts {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;

class WithheldInputs : public ::testing::Test {
 protected:
  WithheldInputs() {
    std::string rows = "case_id,survival_months,censorship,a,b\n";
    for (int i = 0; i < 200; ++i)
      rows += "P" + std::to_string(i) + "," + std::to_string(i + 1) + ",0," + std::to_string(i) +
              (i == 3 ? ",\n" : "," + std::to_string(2 * i) + "\n");
    write_file(folder_ / "t.csv", rows);
    options_.cohort = "small";
    options_.table = folder_ / "t.csv";
    for (const char* name : {"a", "b"}) {
      auto& input = options_.inputs[name];
      input.select = Select::columns;
      input.columns = {name};
      input.missing = Missing::absent;
    }
    cohort_ = std::make_shared<Cohort>(Cohort::load(options_));
    for (const auto& patient : cohort_->patients()) ids_.push_back(patient.id);
  }
  Withheld drawn(const std::string& input, double rate, int64_t seed = 1) const {
    Withheld withheld;
    withheld.draw({input, rate, seed}, *cohort_, ids_);
    return withheld;
  }
  testing::TemporaryFolder folder_;
  DataOptions options_;
  std::shared_ptr<Cohort> cohort_;
  std::vector<std::string> ids_;
};

TEST_F(WithheldInputs, AHigherRateTakesTheSamePatientsAndMore) {
  EXPECT_TRUE(drawn("", 1).empty());
  EXPECT_TRUE(drawn("a", 0).empty());
  const auto some = drawn("a", 0.2), more = drawn("a", 0.6);
  EXPECT_NEAR(static_cast<double>(some.size()), 40, 20);
  EXPECT_NEAR(static_cast<double>(more.size()), 120, 25);
  for (const auto& id : ids_) {
    EXPECT_LE(some.has("a", id), more.has("a", id));
    EXPECT_FALSE(more.has("b", id));
  }
  const auto other = drawn("a", 0.2, 2);
  int equal = 0;
  for (const auto& id : ids_) equal += some.has("a", id) == other.has("a", id);
  EXPECT_LT(equal, 190);
}

TEST_F(WithheldInputs, NobodyLosesTheLastInput) {
  EXPECT_THAT(inputs_of(*cohort_, "P3"), ElementsAre("a"));
  EXPECT_EQ(drawn("a", 1).size(), 199u);
  EXPECT_FALSE(drawn("a", 1).has("a", "P3"));
  const auto any = drawn("any", 1);
  EXPECT_EQ(any.size(), 199u);
  int of_a = 0;
  for (const auto& id : ids_) {
    of_a += any.has("a", id);
    EXPECT_FALSE(any.has("a", id) && any.has("b", id));
  }
  EXPECT_NEAR(of_a, 100, 30);
}

TEST_F(WithheldInputs, AFoldSeesAndLearnsNothingOfThem) {
  Withheld withheld;
  withheld.draw({"b", 0.5, 1}, *cohort_, ids_);
  const auto preparation = Preparation::fit(*cohort_, ids_, withheld);
  const auto all = Preparation::fit(*cohort_, ids_);
  EXPECT_NE(preparation.vectors.at("b").scaler.mean.item<double>(),
            all.vectors.at("b").scaler.mean.item<double>());
  EXPECT_EQ(preparation.vectors.at("a").scaler.mean.item<double>(),
            all.vectors.at("a").scaler.mean.item<double>());
  FoldView view(cohort_, preparation, nullptr);
  for (const auto& id : ids_) {
    const bool taken = withheld.has("b", id);
    view.withhold(withheld);
    EXPECT_EQ(view.read({id}, Seed(1)).has("b"), !taken && id != "P3");
    if (!taken) break;
  }
  Withheld everyone;
  everyone.draw({"b", 1, 1}, *cohort_, ids_);
  EXPECT_THAT(message_of([&] { Preparation::fit(*cohort_, ids_, everyone); }),
              HasSubstr("no training patient has the input 'b'"));
}

}  // namespace withheld_facts
}  // namespace tractrix::data
