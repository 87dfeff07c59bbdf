// Ranking losses against plain loops over the definitions and against numbers of their references.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <vector>

#include "tractrix/losses/time_ranking.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::losses {
namespace time_ranking_cases {

struct Patients {
  std::vector<double> time, event;
  std::vector<int64_t> id;
  Cases cases() const {
    return {at::tensor(id, at::kLong), at::tensor(time, at::kDouble),
            at::tensor(event, at::kDouble)};
  }
};

// Times with ties.
Patients made_up(uint64_t run, int64_t n, int64_t first_id) {
  Patients all;
  for (int64_t i = 0; i < n; ++i) {
    const Seed seed = Seed(run).at("patient", static_cast<uint64_t>(first_id + i));
    all.time.push_back(std::ceil(seed.uniform(0) * 12));
    all.event.push_back(seed.uniform(1) < 0.6 ? 1 : 0);
    all.id.push_back(first_id + i);
  }
  return all;
}

RankPlan plan_of(const std::vector<std::vector<int64_t>>& positives,
                 const std::vector<std::vector<int64_t>>& negatives, int64_t n) {
  const auto ranks = static_cast<int64_t>(positives.size());
  RankPlan plan{at::zeros({1, ranks, n}, at::kBool), at::zeros({1, ranks, n}, at::kBool)};
  for (int64_t r = 0; r < ranks; ++r) {
    for (int64_t i : positives[static_cast<size_t>(r)]) plan.positives[0][r][i] = true;
    for (int64_t i : negatives[static_cast<size_t>(r)]) plan.negatives[0][r][i] = true;
  }
  return plan;
}

// Cosine similarities {-.5}, {-.75, -1}, negatives {-2, -1.25}: numbers of the reference's code.
TEST(Rince, EqualsTheReference) {
  const at::Tensor s = at::tensor({-0.5, -0.75, -1.0, -2.0, -1.25}, at::kDouble).unsqueeze(0);
  const RankPlan plan = plan_of({{0}, {1, 2}}, {{1, 2, 3, 4}, {3, 4}}, 5);
  const auto value = [&](Rince form, double first, double last) {
    return rince(s, plan, {form, first, last}).item<double>();
  };
  EXPECT_NEAR(value(Rince::in, 1, 2), 0.827337180849383, 1e-14);
  EXPECT_NEAR(value(Rince::out, 1, 2), 1.00032337383964, 1e-13);
  EXPECT_NEAR(value(Rince::in, 0.1, 0.2), 0.074433347122587, 1e-14);
}

TEST(Rince, LeavesOutSharesBelowTheReferencesFloor) {
  const at::Tensor s = at::tensor({-100.0, 0.0, -1.0, -2.0}, at::kDouble).unsqueeze(0);
  const RankPlan one = plan_of({{2}}, {{3}}, 4), with_lost = plan_of({{0}, {2}}, {{1}, {3}}, 4);
  const RinceOptions options{Rince::in, 1, 1};
  EXPECT_NEAR(rince(s, with_lost, options).item<double>(), rince(s, one, options).item<double>(),
              1e-15);
  EXPECT_EQ(rince(s, plan_of({{0}}, {{1}}, 4), options).item<double>(), 0);
}

TEST(Rince, WithoutPositivesOrNegativesIsZero) {
  const at::Tensor s = normal(Seed(1), {1, 4}).requires_grad_(true);
  for (const Rince form : {Rince::in, Rince::out}) {
    EXPECT_EQ(rince(s, plan_of({{}}, {{1}}, 4), {form}).item<double>(), 0);
    EXPECT_EQ(rince(s, plan_of({{0}}, {{}}, 4), {form}).item<double>(), 0);
    // One idle rank beside a busy one has no part in value or gradient.
    const at::Tensor loss = rince(s, plan_of({{0}, {}}, {{1}, {2}}, 4), {form});
    EXPECT_TRUE(torch::autograd::grad({loss}, {s})[0].isfinite().all().item<bool>());
  }
}

// One rank of one query by the rule in words; returns the rank's largest gap, -1 without positives.
double expect_rank(const Patients& from, size_t q, const Patients& to, const at::Tensor& p,
                   const at::Tensor& n) {
  const auto marked = [](const at::Tensor& of, size_t i) {
    return of[static_cast<int64_t>(i)].item<bool>();
  };
  const auto gap = [&](size_t i) { return std::abs(to.time[i] - from.time[q]); };
  double largest = -1;
  for (size_t i = 0; i < to.id.size(); ++i)
    if (marked(p, i)) largest = std::max(largest, gap(i));
  for (size_t i = 0; i < to.id.size() && largest >= 0; ++i) {
    const bool self = to.id[i] == from.id[q], event = to.event[i] != 0;
    EXPECT_FALSE(marked(p, i) && (marked(n, i) || self || !event));
    EXPECT_FALSE(self && marked(n, i));
    EXPECT_TRUE(self || !event || gap(i) <= largest || marked(n, i));
    const bool known = to.time[i] > from.time[q] && gap(i) >= largest;
    EXPECT_TRUE(event || marked(n, i) == (known && !self));
  }
  return largest;
}

TEST(RankPlan, FollowsItsRule) {
  int64_t found = 0;
  for (uint64_t run = 0; run < 30; ++run) {
    const Patients from = made_up(run, 6, 0), to = made_up(run, 20, 3);
    const RankPlan plan = plan_ranks(from.cases(), to.cases(), {3, 0.5, 4});
    for (size_t q = 0; q < 6; ++q) {
      int64_t events = 0;
      for (size_t i = 0; i < 20; ++i) events += to.id[i] != from.id[q] && to.event[i] != 0;
      const int64_t near = from.event[q] != 0 && events >= 4 ? events / 2 : 0;
      double before = -1;
      for (int64_t r = 0; r < 3; ++r) {
        const at::Tensor p = plan.positives[static_cast<int64_t>(q)][r];
        EXPECT_EQ(p.sum().item<int64_t>(), near * (r + 1) / 3 - near * r / 3);
        const double largest =
            expect_rank(from, q, to, p, plan.negatives[static_cast<int64_t>(q)][r]);
        EXPECT_TRUE(largest < 0 || largest >= before);
        before = std::max(before, largest);
        found += largest >= 0;
      }
    }
  }
  EXPECT_GT(found, 100);
}

TEST(RankPlan, CensoringDecidesWhoTakesPart) {
  const Patients from{{5, 5}, {1, 0}, {0, 1}},
      to{{4, 6, 7, 9, 20}, {1, 1, 1, 1, 0}, {2, 3, 4, 5, 6}};
  const auto taking_part = [&](Censoring censoring) {
    const RankPlan plan = plan_ranks(from.cases(), to.cases(), {1, 0.5, 4, censoring});
    return std::pair{(plan.positives | plan.negatives)[0].sum().item<int64_t>(),
                     (plan.positives | plan.negatives)[1].sum().item<int64_t>()};
  };
  EXPECT_EQ(taking_part(Censoring::events_only), (std::pair<int64_t, int64_t>{4, 0}));
  EXPECT_EQ(taking_part(Censoring::lower_bound), (std::pair<int64_t, int64_t>{5, 0}));
  EXPECT_EQ(taking_part(Censoring::ignore), (std::pair<int64_t, int64_t>{5, 5}));
  const RankPlan few = plan_ranks(from.cases(), to.cases(), {1, 0.5, 5, Censoring::lower_bound});
  EXPECT_FALSE(few.positives.any().item<bool>());
}

// Points (0,0), (1,0), (0,2), (2,2) with labels 1, 2, 4, 8 and temperature 2: the reference's code.
TEST(RankNContrast, EqualsTheReference) {
  const at::Tensor z =
      at::tensor({0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 2.0, 2.0}, at::kDouble).reshape({4, 2});
  const Cases all{at::arange(4), at::tensor({1.0, 2.0, 4.0, 8.0}, at::kDouble),
                  at::ones({4}, at::kDouble)};
  const at::Tensor loss = rank_n_contrast(-at::cdist(z, z) / 2, all, all, Censoring::ignore);
  EXPECT_NEAR(loss.item<double>(), 0.499381596689228, 1e-14);
}

TEST(RankNContrast, EqualsPlainLoops) {
  for (uint64_t run = 0; run < 10; ++run) {
    const Patients from = made_up(run, 5, 0), to = made_up(run, 9, 2);
    const at::Tensor logits = normal(Seed(run), {5, 9});
    const auto l = logits.accessor<double, 2>();
    for (const bool ignore : {false, true}) {
      double sum = 0, pairs = 0;
      const auto counts = [&](size_t q, size_t i) {
        return to.id[i] != from.id[q] && (ignore || to.event[i] != 0);
      };
      for (size_t q = 0; q < 5; ++q) {
        if (!ignore && from.event[q] == 0) continue;
        for (size_t j = 0; j < 9; ++j) {
          if (!counts(q, j)) continue;
          double all = 0;
          for (size_t k = 0; k < 9; ++k)
            if (counts(q, k) &&
                std::abs(to.time[k] - from.time[q]) >= std::abs(to.time[j] - from.time[q]))
              all += std::exp(l[static_cast<int64_t>(q)][static_cast<int64_t>(k)]);
          sum += std::log(all) - l[static_cast<int64_t>(q)][static_cast<int64_t>(j)];
          ++pairs;
        }
      }
      const at::Tensor have = rank_n_contrast(logits, from.cases(), to.cases(),
                                              ignore ? Censoring::ignore : Censoring::events_only);
      EXPECT_NEAR(have.item<double>(), pairs > 0 ? sum / pairs : 0, 1e-13);
    }
  }
}

// SurvRNC's table, row by row.
double survrnc_weight(bool a, bool j, bool k, double ta, double tj, double tk) {
  const double gap = std::abs(tj - ta);
  const int side = tk < ta - gap ? -1 : (tk > ta + gap ? 1 : 0);
  if (tj == ta || (!a && !j)) return 0.5;
  if (a && j) return k ? (side == 0 ? 0 : 1) : (side == 1 ? 1 : 0.5);
  if (a && tj > ta) return k && side == 0 ? 0 : 0.5;
  if (a) return 0.5;
  if (!k) return 0.5;
  if (side == -1) return 1;
  return tj < ta && side == 0 ? 0 : 0.5;
}

TEST(SurvivalRankNContrast, EqualsPlainLoops) {
  for (uint64_t run = 0; run < 10; ++run) {
    const Patients from = made_up(run, 5, 0), to = made_up(run, 9, 2);
    const at::Tensor logits = normal(Seed(run), {5, 9});
    const auto l = logits.accessor<double, 2>();
    double total = 0, anchors = 0;
    for (size_t a = 0; a < 5; ++a) {
      double sum = 0, positives = 0;
      for (size_t j = 0; j < 9; ++j) {
        if (to.id[j] == from.id[a]) continue;
        double below = 0;
        for (size_t k = 0; k < 9; ++k)
          if (to.id[k] != from.id[a])
            below += survrnc_weight(from.event[a] != 0, to.event[j] != 0, to.event[k] != 0,
                                    from.time[a], to.time[j], to.time[k]) *
                     std::exp(l[static_cast<int64_t>(a)][static_cast<int64_t>(k)]);
        if (below == 0) continue;
        sum += std::log(below) - l[static_cast<int64_t>(a)][static_cast<int64_t>(j)];
        ++positives;
      }
      if (positives == 0) continue;
      total += sum / positives;
      ++anchors;
    }
    const at::Tensor have = survival_rank_n_contrast(logits, from.cases(), to.cases());
    EXPECT_NEAR(have.item<double>(), total / anchors, 1e-13);
  }
}

// A window of one patient, nobody else: nothing to compare, no gradient that is not finite.
TEST(TimeRanking, AloneOrTiedIsFinite) {
  Patients one = made_up(1, 1, 0);
  one.event = {1};
  const at::Tensor self = at::zeros({1, 1}, at::kDouble);
  EXPECT_EQ(rank_n_contrast(self, one.cases(), one.cases(), Censoring::ignore).item<double>(), 0);
  EXPECT_EQ(survival_rank_n_contrast(self, one.cases(), one.cases()).item<double>(), 0);
  Patients tied = made_up(2, 8, 0);
  tied.time.assign(8, 3.0);
  tied.event.assign(8, 1.0);
  const at::Tensor logits = normal(Seed(3), {8, 8}).requires_grad_(true);
  const auto finite = [&](const at::Tensor& loss) {
    return loss.isfinite().item<bool>() &&
           torch::autograd::grad({loss}, {logits})[0].isfinite().all().item<bool>();
  };
  EXPECT_TRUE(finite(rank_n_contrast(logits, tied.cases(), tied.cases(), Censoring::ignore)));
  EXPECT_TRUE(finite(survival_rank_n_contrast(logits, tied.cases(), tied.cases())));
  const RankPlan plan = plan_ranks(tied.cases(), tied.cases(), {3, 0.5, 4});
  EXPECT_TRUE(finite(rince(logits, plan, {})));
}

}  // namespace time_ranking_cases
}  // namespace tractrix::losses
