#include "tractrix/losses/cox.hpp"

#include <ATen/ATen.h>

namespace tractrix::losses {
namespace {

// Rows in order of falling time; rows of equal time form a group.
struct Groups {
  at::Tensor group;  // [n], 0 for the latest time
  at::Tensor last;   // [groups], the last row of each
};

Groups group_by_time(const at::Tensor& falling_time) {
  const int64_t n = falling_time.size(0);
  const at::Tensor starts = at::ones({n}, falling_time.options().dtype(at::kLong));
  if (n > 1)
    starts.narrow(0, 1, n - 1)
        .copy_(falling_time.narrow(0, 1, n - 1) != falling_time.narrow(0, 0, n - 1));
  const at::Tensor group = starts.cumsum(0) - 1;
  const at::Tensor last = at::bincount(group).cumsum(0) - 1;
  return {group, last};
}

// log of the sum of exp(log_risk) over the events of each group, by group; -inf where there is
// none.
at::Tensor log_sum_of_events(const at::Tensor& log_risk, const at::Tensor& event,
                             const Groups& groups) {
  const at::Tensor masked = log_risk.detach().masked_fill(event.logical_not(), -INFINITY);
  at::Tensor highest = at::full({groups.last.size(0)}, -INFINITY, masked.options());
  highest = highest.scatter_reduce(0, groups.group, masked, "amax");
  const at::Tensor shift = highest.masked_fill(highest.isinf(), 0);
  const at::Tensor part = (log_risk - shift.index_select(0, groups.group))
                              .masked_fill(event.logical_not(), -INFINITY)
                              .exp();
  return at::zeros_like(shift).index_add(0, groups.group, part).log() + shift;
}

// For the l-th of d tied events: log(1 - l/d * tied/at_risk), [events].
at::Tensor efron_terms(const at::Tensor& log_risk, const at::Tensor& log_at_risk,
                       const at::Tensor& event, const Groups& groups) {
  const at::Tensor rows = event.nonzero().squeeze(1);           // [events]
  const at::Tensor group = groups.group.index_select(0, rows);  // [events]
  const at::Tensor tied = at::bincount(group, {}, groups.last.size(0));
  const at::Tensor first = tied.cumsum(0) - tied;  // events before the group
  const at::Tensor order = at::arange(rows.size(0), rows.options()) - first.index_select(0, group);
  const at::Tensor share =
      order.to(log_risk.scalar_type()) / tied.index_select(0, group).to(log_risk.scalar_type());
  const at::Tensor log_tied = log_sum_of_events(log_risk, event, groups).index_select(0, group);
  return at::log1p(-share * (log_tied - log_at_risk.index_select(0, rows)).exp());
}

}  // namespace

at::Tensor cox(const at::Tensor& log_risk, const at::Tensor& time, const at::Tensor& event,
               const CoxOptions& options) {
  const int64_t n = time.numel();
  TORCH_CHECK(n > 0 && log_risk.numel() == n && event.numel() == n,
              "cox: log_risk, time and event must have one value per row");
  const auto sorted = time.flatten().sort(true, 0, true);
  const at::Tensor order = std::get<1>(sorted);
  const at::Tensor risk = log_risk.flatten().index_select(0, order);             // [n]
  const at::Tensor seen = event.flatten().index_select(0, order).to(at::kBool);  // [n]
  const Groups groups = group_by_time(std::get<0>(sorted));

  // Sum over the rows up to the end of the row's group, ties included.
  const at::Tensor at_risk =
      risk.logcumsumexp(0).index_select(0, groups.last).index_select(0, groups.group);
  at::Tensor loss = (at_risk - risk).masked_select(seen).sum();
  if (options.ties == Ties::efron) loss = loss + efron_terms(risk, at_risk, seen, groups).sum();

  if (options.over == Over::rows) return loss / static_cast<double>(n);
  if (options.over == Over::events) return loss / seen.sum().clamp_min(1);
  return loss;
}

}  // namespace tractrix::losses
