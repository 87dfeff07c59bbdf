// Contrast of patients by their survival times: those with near times should lie near each other.
// Queries [Q] are compared with others [n]; an entry with the query's id is never compared with it.
// RINCE: Hoffmann et al., AAAI 2022 (boschresearch/rince, losses.py). Rank-N-Contrast: Zha et al.,
// NeurIPS 2023 (kaiwenzha/Rank-N-Contrast, loss.py). SurvRNC: Saeed et al., MICCAI 2024
// (numanai/SurvRNC, rnc_loss.py). How RINCE's ranks come from times and censoring is our own rule.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace tractrix::losses {

// On any device: id [n] int64, time [n], event [n] (1 = event seen).
struct Cases {
  at::Tensor id, time, event;
};

// lower_bound: a censored patient is known to have lived at least that long. events_only: censored
// patients are left out. ignore: every time counts as an event's.
enum class Censoring { lower_bound, events_only, ignore };

struct RankOptions {
  int64_t ranks = 3;   // of positives, equally large, nearest times first
  double near = 0.5;   // part of the comparable events that are positives
  int64_t least = 16;  // comparable events that a query needs
  Censoring censoring = Censoring::lower_bound;
};

// Who is compared with whom: bool [Q, ranks, n]. A rank's negatives are the positives of all later
// ranks, the far events and, with lower_bound, censored patients whose gap to the query is at least
// the largest of the rank's. Censored queries have no ranks (unless censoring is ignored).
struct RankPlan {
  at::Tensor positives, negatives;
};
RankPlan plan_ranks(const Cases& queries, const Cases& others, const RankOptions& options);

// in: log of the positives' share of the whole sum. out: mean of each positive's log share of
// itself and the negatives.
enum class Rince { in, out };
struct RinceOptions {
  Rince form = Rince::in;
  double tau_first = 0.2, tau_last = 0.4;  // temperature of the first and the last rank
};

// similarity [Q, n]. Mean over all ranks of all queries that have positives and negatives; `in`
// leaves out ranks whose share is at most 1e-7, as the reference. 0 when nothing is left.
at::Tensor rince(const at::Tensor& similarity, const RankPlan& plan, const RinceOptions& options);

// logits [Q, n] = -distance / temperature. For each pair (query, j) the share of j among all k that
// are no nearer in time than j; mean over pairs. lower_bound is events_only here.
at::Tensor rank_n_contrast(const at::Tensor& logits, const Cases& queries, const Cases& others,
                           Censoring censoring);

// The same where k counts 1, 0.5 or 0 by what its censoring says of the order; mean over the pairs
// of a query that have anything to compare with, then over queries.
at::Tensor survival_rank_n_contrast(const at::Tensor& logits, const Cases& queries,
                                    const Cases& others);

}  // namespace tractrix::losses
