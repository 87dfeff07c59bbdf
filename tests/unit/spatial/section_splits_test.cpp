// HyperST's published folds (kidney, colorectum, lung, skin of HEST-1k) and folds of whole
// patients.
#include "tractrix/data/spatial/section_splits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/messages.hpp"

namespace tractrix::spatial {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Owner> numbered(const std::vector<std::pair<int, int>>& ranges) {
  std::vector<Owner> sections;
  for (const auto& [first, last] : ranges)
    for (int i = first; i <= last; ++i) sections.push_back({std::to_string(i), ""});
  return sections;
}

constexpr SectionSplitOptions kSlide{.level = SplitLevel::slide};

TEST(SectionSplits, KidneyFoldsAsPublished) {
  const auto folds = make_section_folds(numbered({{692, 714}}), kSlide);
  ASSERT_EQ(folds.size(), 5u);
  EXPECT_EQ(folds[0].train.size(), 19u);
  EXPECT_THAT(folds[0].validation, ElementsAre("702", "706"));
  EXPECT_THAT(folds[0].test, ElementsAre("711", "698"));
  EXPECT_THAT(folds[1].test, ElementsAre("713", "703"));
  EXPECT_THAT(folds[2].validation, ElementsAre("700", "709"));
  EXPECT_THAT(folds[3].test, ElementsAre("703", "709"));
  EXPECT_THAT(folds[4].validation, ElementsAre("714", "706"));
  EXPECT_THAT(folds[4].test, ElementsAre("700", "704"));
}

TEST(SectionSplits, OtherTissuesAsPublished) {
  const auto colorectum = make_section_folds(numbered({{36, 49}}), kSlide);
  for (const auto& [k, validation, test] :
       {std::tuple(0, "39", "42"), std::tuple(1, "49", "43"), std::tuple(2, "45", "47"),
        std::tuple(3, "40", "42"), std::tuple(4, "37", "40")}) {
    EXPECT_THAT(colorectum[k].validation, ElementsAre(validation));
    EXPECT_THAT(colorectum[k].test, ElementsAre(test));
  }
  const auto lung = make_section_folds(numbered({{17, 32}}), kSlide);
  EXPECT_THAT(lung[0].test, ElementsAre("20", "23"));
  EXPECT_THAT(lung[4].validation, ElementsAre("24", "29"));
  const auto skin = make_section_folds(numbered({{469, 498}, {503, 510}, {515, 522}}), kSlide);
  EXPECT_THAT(skin[0].test, ElementsAre("476", "519", "483", "497", "515"));
  EXPECT_THAT(skin[4].test, ElementsAre("519", "504", "483", "492", "520"));
}

// First outputs of numpy.random.RandomState(42).
TEST(NumpyLegacy, FirstNumbers) {
  NumpyLegacy random(42);
  EXPECT_EQ(random.next(), 1608637542u);
  EXPECT_EQ(random.next(), 3421126067u);
  EXPECT_EQ(random.next(), 4083286876u);
}

const std::vector<Owner> kSix{{"B4", "B"}, {"C2", "C"}, {"C3", "C"},
                              {"D1", "D"}, {"D2", "D"}, {"E1", "E"}};

TEST(SectionSplits, PatientsStayWhole) {
  const auto folds = make_section_folds(kSix, {.folds = 3});
  std::multiset<std::string> tested;
  for (const auto& fold : folds) {
    tested.insert(fold.test.begin(), fold.test.end());
    EXPECT_EQ(fold.train.size() + fold.test.size(), 6u);
  }
  EXPECT_EQ(tested.size(), 6u);
  EXPECT_EQ(std::set<std::string>(tested.begin(), tested.end()).size(), 6u);
  EXPECT_TRUE(find_leaks(folds, kSix).empty());
  const auto with_validation = make_section_folds(kSix, {.folds = 3, .validation = true});
  for (const auto& fold : with_validation) {
    EXPECT_FALSE(fold.validation.empty());
    EXPECT_EQ(fold.train.size() + fold.validation.size() + fold.test.size(), 6u);
  }
  const auto left_out = make_section_folds(kSix, {.level = SplitLevel::leave_one_patient});
  EXPECT_EQ(left_out.size(), 4u);
}

TEST(SectionSplits, LeakageIsRefusedUnlessAllowedAndReported) {
  SectionSplitOptions options{.level = SplitLevel::leave_one_slide};
  const auto message = testing::message_of([&] { make_section_folds(kSix, options); });
  EXPECT_THAT(message, HasSubstr("4 times a patient is on both sides of a fold"));
  EXPECT_THAT(message, HasSubstr("split.allow_patient_overlap=true"));
  options.allow_patient_overlap = true;
  const auto folds = make_section_folds(kSix, options);
  EXPECT_EQ(folds.size(), 6u);
  const auto report = leakage_report(folds, kSix);
  EXPECT_THAT(report, HasSubstr("6 sections of 4 known patients"));
  EXPECT_THAT(report, HasSubstr("patient C: 2 sections (C2, C3)"));
  EXPECT_THAT(report, HasSubstr("LEAK patient C: C3 train, C2 reported"));
  EXPECT_THAT(report, HasSubstr("4 leaks"));
  const auto clean = leakage_report(make_section_folds(kSix, {.folds = 2}), kSix);
  EXPECT_THAT(clean, HasSubstr("no patient is on both sides of a fold"));
  EXPECT_THAT(clean, Not(HasSubstr("LEAK")));
}

TEST(SectionSplits, WhatIsMissingIsNamed) {
  EXPECT_THAT(testing::message_of([] { make_section_folds(kSix, {.folds = 5}); }),
              HasSubstr("5 folds of whole patients need as many patients"));
  EXPECT_THAT(testing::message_of([] {
                make_section_folds({{"a", "P"}, {"b", ""}}, {.folds = 2});
              }),
              HasSubstr("1 sections have no known patient: b"));
  EXPECT_THAT(testing::message_of([] {
                make_section_folds({{"a", "P"}, {"a", "Q"}}, {.folds = 2});
              }),
              HasSubstr("section 'a' is listed twice"));
  EXPECT_THAT(testing::message_of([] {
                make_section_folds({{"a", "P"}}, {.folds = 2});
              }),
              HasSubstr("needs at least two sections"));
}

}  // namespace
}  // namespace tractrix::spatial
