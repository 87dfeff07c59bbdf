#include "tractrix/losses/time_ranking.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace tractrix::losses {
namespace time_ranking {

constexpr double kLeastShare = 1e-7;
constexpr double kNothing = -std::numeric_limits<double>::infinity();

// One patient as plain numbers.
struct Case {
  int64_t id;
  double time;
  bool event;
};

std::vector<Case> plain(const Cases& cases) {
  const at::Tensor id = cases.id.to(at::kCPU, at::kLong).contiguous(),
                   time = cases.time.to(at::kCPU, at::kDouble).contiguous(),
                   event = cases.event.to(at::kCPU, at::kDouble).contiguous();
  TORCH_CHECK(id.dim() == 1 && time.sizes() == id.sizes() && event.sizes() == id.sizes(),
              "time ranking: id, time and event must be [n]");
  std::vector<Case> all;
  for (int64_t i = 0; i < id.numel(); ++i)
    all.push_back({id.const_data_ptr<int64_t>()[i], time.const_data_ptr<double>()[i],
                   event.const_data_ptr<double>()[i] != 0});
  return all;
}

struct Neighbour {
  int64_t index;
  double gap;
};

// Marks of one query [ranks, n].
struct Marks {
  bool *positives, *negatives;
  int64_t n;
};

// The comparable events of a query, nearest time first.
std::vector<Neighbour> events_by_gap(const Case& query, const std::vector<Case>& others,
                                     bool ignore) {
  std::vector<Neighbour> all;
  for (size_t i = 0; i < others.size(); ++i)
    if (others[i].id != query.id && (ignore || others[i].event))
      all.push_back({static_cast<int64_t>(i), std::abs(others[i].time - query.time)});
  std::stable_sort(all.begin(), all.end(),
                   [](const Neighbour& a, const Neighbour& b) { return a.gap < b.gap; });
  return all;
}

void mark_censored(const Case& query, const std::vector<Case>& others, double most, bool* row) {
  for (size_t i = 0; i < others.size(); ++i) {
    const Case& other = others[i];
    if (other.id != query.id && !other.event && other.time > query.time &&
        other.time - query.time >= most)
      row[i] = true;
  }
}

void mark(const Case& query, const std::vector<Case>& others, const RankOptions& options,
          const Marks& marks) {
  const bool ignore = options.censoring == Censoring::ignore;
  if (!query.event && !ignore) return;
  const auto events = events_by_gap(query, others, ignore);
  const auto total = static_cast<int64_t>(events.size());
  if (total < options.least) return;
  const auto near = static_cast<int64_t>(options.near * static_cast<double>(total));
  for (int64_t r = 0; r < options.ranks; ++r) {
    const int64_t begin = near * r / options.ranks, end = near * (r + 1) / options.ranks;
    if (begin == end) continue;
    for (int64_t i = begin; i < total; ++i)
      (i < end ? marks.positives : marks.negatives)[r * marks.n + events[i].index] = true;
    if (options.censoring == Censoring::lower_bound)
      mark_censored(query, others, events[end - 1].gap, marks.negatives + r * marks.n);
  }
}

at::Tensor masked(const at::Tensor& logits, const at::Tensor& keep) {
  return logits.masked_fill(keep.logical_not(), kNothing);
}

at::Tensor mean_or_zero(const std::vector<at::Tensor>& values, const at::Tensor& like) {
  if (values.empty()) return at::zeros({}, like.options());
  return at::cat(values).mean();
}

// [m, m]: how much k (column) counts beside j (row) for the anchor a.
at::Tensor survrnc_weights(const Case& a, const std::vector<Case>& others) {
  const auto n = static_cast<int64_t>(others.size());
  at::Tensor all = at::full({n, n}, 0.5, at::kDouble);
  double* weight = all.mutable_data_ptr<double>();
  for (const Case& j : others) {
    const double gap = std::abs(j.time - a.time);
    const bool later = j.time > a.time, both = a.event && j.event;
    for (const Case& k : others) {
      double& w = *weight++;
      if (j.time == a.time || (!a.event && !j.event)) continue;
      const bool left = a.time - k.time > gap, right = k.time - a.time > gap,
                 within = !left && !right;
      if (both)
        w = k.event ? (within ? 0 : 1) : (right ? 1 : 0.5);
      else if (a.event && later)
        w = k.event && within ? 0 : 0.5;
      else if (j.event && k.event)
        w = left ? 1 : (within && !later ? 0 : 0.5);
    }
  }
  return all;
}

at::Tensor indices(const std::vector<int64_t>& list, const at::Tensor& like) {
  return at::tensor(list, at::kLong).to(like.device());
}

}  // namespace time_ranking

RankPlan plan_ranks(const Cases& queries, const Cases& others, const RankOptions& options) {
  const auto from = time_ranking::plain(queries), to = time_ranking::plain(others);
  const auto q = static_cast<int64_t>(from.size()), n = static_cast<int64_t>(to.size());
  RankPlan plan{at::zeros({q, options.ranks, n}, at::kBool),
                at::zeros({q, options.ranks, n}, at::kBool)};
  bool *positives = plan.positives.mutable_data_ptr<bool>(),
       *negatives = plan.negatives.mutable_data_ptr<bool>();
  for (int64_t i = 0; i < q; ++i) {
    const int64_t at = i * options.ranks * n;
    time_ranking::mark(from[static_cast<size_t>(i)], to, options,
                       {positives + at, negatives + at, n});
  }
  return plan;
}

at::Tensor rince(const at::Tensor& similarity, const RankPlan& plan, const RinceOptions& options) {
  using namespace time_ranking;
  const int64_t ranks = plan.positives.size(1), n = similarity.size(1);
  const at::Tensor tau = at::linspace(options.tau_first, options.tau_last, ranks,
                                      similarity.options().dtype(at::kDouble));
  // Rows are ranks of queries; those without positives or negatives say nothing.
  const at::Tensor positives = plan.positives.reshape({-1, n}).to(similarity.device()),
                   negatives = plan.negatives.reshape({-1, n}).to(similarity.device());
  const at::Tensor rows = (positives.any(1) & negatives.any(1)).nonzero().squeeze(1);
  if (rows.numel() == 0) return at::zeros({}, similarity.options());
  const at::Tensor scaled =
      (similarity.unsqueeze(1) / tau.to(similarity.scalar_type()).unsqueeze(1)).reshape({-1, n});
  const at::Tensor logits = scaled.index_select(0, rows), p = positives.index_select(0, rows);
  const at::Tensor far = masked(logits, negatives.index_select(0, rows)).logsumexp({1});  // [M]
  if (options.form == Rince::out) {
    const at::Tensor share = logits - at::logaddexp(logits, far.unsqueeze(1));
    return -(at::where(p, share, 0).sum(1) / p.sum(1)).mean();
  }
  const at::Tensor near = masked(logits, p).logsumexp({1}), share = near - at::logaddexp(near, far);
  const at::Tensor kept = (share.detach() > std::log(kLeastShare)).nonzero().squeeze(1);
  if (kept.numel() == 0) return at::zeros({}, similarity.options());
  return -share.index_select(0, kept).mean();
}

at::Tensor rank_n_contrast(const at::Tensor& logits, const Cases& queries, const Cases& others,
                           Censoring censoring) {
  using namespace time_ranking;
  const auto from = plain(queries), to = plain(others);
  const bool ignore = censoring == Censoring::ignore;
  std::vector<at::Tensor> terms;
  for (size_t q = 0; q < from.size(); ++q) {
    if (!from[q].event && !ignore) continue;
    std::vector<int64_t> index;
    std::vector<double> gaps;
    for (const Neighbour& other : events_by_gap(from[q], to, ignore)) {
      index.push_back(other.index);
      gaps.push_back(other.gap);
    }
    if (index.empty()) continue;
    const at::Tensor row = logits[static_cast<int64_t>(q)].index_select(0, indices(index, logits));
    const at::Tensor gap = at::tensor(gaps, at::kDouble).to(row.device());
    const at::Tensor no_nearer = gap.unsqueeze(0) >= gap.unsqueeze(1);  // [j, k]
    terms.push_back(masked(row.unsqueeze(0), no_nearer).logsumexp({1}) - row);
  }
  return mean_or_zero(terms, logits);
}

at::Tensor survival_rank_n_contrast(const at::Tensor& logits, const Cases& queries,
                                    const Cases& others) {
  using namespace time_ranking;
  const auto from = plain(queries), to = plain(others);
  std::vector<at::Tensor> anchors;
  for (size_t q = 0; q < from.size(); ++q) {
    std::vector<int64_t> index;
    std::vector<Case> compared;
    for (size_t i = 0; i < to.size(); ++i) {
      if (to[i].id == from[q].id) continue;
      index.push_back(static_cast<int64_t>(i));
      compared.push_back(to[i]);
    }
    if (index.empty()) continue;
    const at::Tensor weights = survrnc_weights(from[q], compared).to(logits.device());  // [j, k]
    const at::Tensor pairs = weights.gt(0).any(1).nonzero().squeeze(1);
    if (pairs.numel() == 0) continue;
    const at::Tensor row = logits[static_cast<int64_t>(q)].index_select(0, indices(index, logits));
    const at::Tensor log_weight = weights.index_select(0, pairs).log().to(row.scalar_type());
    const at::Tensor sums = (row.unsqueeze(0) + log_weight).logsumexp({1});
    anchors.push_back((sums - row.index_select(0, pairs)).mean().reshape({1}));
  }
  return mean_or_zero(anchors, logits);
}

}  // namespace tractrix::losses
