#include "tractrix/eval/comparison.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tractrix/core/error.hpp"
#include "tractrix/core/seed.hpp"
#include "tractrix/eval/evaluation.hpp"
#include "tractrix/survival/bootstrap.hpp"
#include "tractrix/survival/concordance.hpp"

namespace tractrix::eval {
namespace comparison_detail {

using Key = std::pair<int64_t, std::string>;  // fold, patient

// Both risks of the patients of a fold, or of all.
struct Pairs {
  std::vector<double> time, first, second;
  std::vector<uint8_t> event;

  void add(const Pairs& from, size_t i) {
    time.push_back(from.time[i]);
    event.push_back(from.event[i]);
    first.push_back(from.first[i]);
    second.push_back(from.second[i]);
  }
  double difference() const {
    return survival::concordance(time, event, first).index -
           survival::concordance(time, event, second).index;
  }
};

std::string shown(const Key& key) {
  return "'" + key.second + "' (fold " + std::to_string(key.first) + ")";
}

std::map<Key, const PredictionRow*> by_key(const Source& source) {
  std::map<Key, const PredictionRow*> rows;
  for (const auto& row : source.predictions.rows) rows[{row.fold, row.id}] = &row;
  return rows;
}

// Matches the rows of two tables and collects what does not match.
class Matching {
 public:
  Matching(const Source& first, const Source& second)
      : first_(first), second_(second), a_(by_key(first)), b_(by_key(second)) {}

  void run(Comparison& result) {
    result.only_first = missing(a_, b_);
    result.only_second = missing(b_, a_);
    if (!result.options.common) {
      refuse(first_, result.only_first, second_);
      refuse(second_, result.only_second, first_);
    }
    for (const auto& [key, row] : a_)
      if (const auto other = b_.find(key); other != b_.end()) match(key, *row, *other->second);
    refuse_labels();
    errors_.raise();
    if (folds.empty()) throw Error(first_.where, "has no patient in common with " + second_.where);
  }

  std::map<int64_t, Pairs> folds;
  Pairs all;
  std::vector<int64_t> fold_of;  // of each patient in all
  std::set<std::string> ids;
  bool repeated = false;  // a patient is in several folds

 private:
  using Rows = std::map<Key, const PredictionRow*>;

  std::vector<std::string> missing(const Rows& from, const Rows& in) {
    std::map<std::string, int64_t> elsewhere;
    for (const auto& [key, row] : in) elsewhere[key.second] = key.first;
    std::vector<std::string> names, moved;
    for (const auto& item : from) {
      if (in.contains(item.first)) continue;
      const auto found = elsewhere.find(item.first.second);
      names.push_back(shown(item.first));
      if (found != elsewhere.end() && !from.contains({found->second, item.first.second}))
        moved.push_back(shown(item.first) + " and fold " + std::to_string(found->second));
    }
    // Another fold is another training set: such a patient is no pair, common or not.
    if (!moved.empty() && &from == &a_)
      errors_.add(
          first_.where + " and " + second_.where,
          std::to_string(moved.size()) + " patients are in different folds: " + enumerate(moved),
          "compare runs with the same splits");
    return names;
  }

  void refuse(const Source& has, const std::vector<std::string>& names, const Source& lacks) {
    if (names.empty()) return;
    errors_.add(has.where,
                std::to_string(names.size()) + " patients are not in " + lacks.where + ": " +
                    enumerate(names, 10),
                "--common compares the others");
  }

  void match(const Key& key, const PredictionRow& a, const PredictionRow& b) {
    if (!a.time || !a.event || !b.time || !b.event) {
      unknown_.push_back(shown(key));
    } else if (a.time != b.time || a.event != b.event) {
      differ_.push_back(shown(key));
    } else {
      all.time.push_back(*a.time);
      all.event.push_back(*a.event ? 1 : 0);
      all.first.push_back(a.risk);
      all.second.push_back(b.risk);
      fold_of.push_back(key.first);
      folds[key.first].add(all, all.time.size() - 1);
      repeated = !ids.insert(key.second).second || repeated;
    }
  }

  void refuse_labels() {
    const std::string both = first_.where + " and " + second_.where;
    if (!unknown_.empty())
      errors_.add(both, std::to_string(unknown_.size()) +
                            " patients have no time or event: " + enumerate(unknown_));
    if (!differ_.empty())
      errors_.add(both, "time or event differ for " + std::to_string(differ_.size()) +
                            " patients: " + enumerate(differ_));
  }

  const Source &first_, &second_;
  const Rows a_, b_;
  std::vector<std::string> unknown_, differ_;
  Errors errors_;
};

FoldComparison compare_pairs(int64_t fold, const Pairs& pairs, double level) {
  FoldComparison result;
  result.fold = fold;
  result.patients = static_cast<int64_t>(pairs.time.size());
  for (uint8_t event : pairs.event) result.events += event;
  result.difference = measured([&] { return pairs.difference(); });
  result.test = measured([&] {
    if (result.patients > kMostPairwise)
      throw Error("pairs", "not computed for more than " + std::to_string(kMostPairwise) +
                               " patients: the steps grow with their square");
    return survival::compare_concordance(pairs.time, pairs.event, pairs.first, pairs.second, level);
  });
  return result;
}

// Difference on resampled patients: each goes to its own fold.
double resampled(const Matching& m, std::span<const int64_t> patients, BootstrapOf of) {
  std::map<int64_t, Pairs> parts;
  if (of == BootstrapOf::fold_mean)
    for (const auto& item : m.folds) parts[item.first];
  for (int64_t i : patients) {
    const auto at = static_cast<size_t>(i);
    parts[of == BootstrapOf::pooled ? -1 : m.fold_of[at]].add(m.all, at);
  }
  double sum = 0;
  for (const auto& item : parts) sum += item.second.difference();
  return sum / static_cast<double>(parts.size());
}

BootstrapDifference bootstrap(const Matching& m, const CompareOptions& options) {
  const auto patients = static_cast<int64_t>(m.all.time.size());
  if (options.replicates == 0) throw Error("bootstrap", "not asked for");
  if (m.repeated)
    throw Error("bootstrap",
                "undefined: some patients are in several folds, so that the rows are "
                "not different patients");
  if (patients > kMostBootstrap)
    throw Error("bootstrap",
                "not computed for more than " + std::to_string(kMostBootstrap) + " patients");
  const survival::Statistic statistic = [&](std::span<const int64_t> chosen) {
    return resampled(m, chosen, options.bootstrap);
  };
  const auto result =
      survival::bootstrap(patients, statistic, options.replicates, Seed(options.seed));
  const auto interval =
      survival::bca_interval(result, survival::jackknife(patients, statistic), options.level);
  return {result.estimate, result.standard_error, interval,
          static_cast<int64_t>(result.replicates.size()), result.undefined};
}

void over_folds(Comparison& result, const std::map<int64_t, Pairs>& folds) {
  std::vector<double> first, second, difference;
  std::vector<std::string> without;
  for (const auto& [fold, pairs] : folds) {
    try {
      const double a = survival::concordance(pairs.time, pairs.event, pairs.first).index;
      const double b = survival::concordance(pairs.time, pairs.event, pairs.second).index;
      first.push_back(a), second.push_back(b), difference.push_back(a - b);
    } catch (const Error&) {
      without.push_back(std::to_string(fold));
    }
  }
  if (!without.empty()) {
    const std::string reason = "no value in fold " + enumerate(without);
    result.mean.reason = result.wilcoxon.reason = result.paired_t.reason = reason;
    return;
  }
  result.mean.value = spread(difference);
  result.wilcoxon = measured([&] { return survival::wilcoxon(first, second); });
  result.paired_t = measured([&] {
    return survival::paired_t(first, second, survival::Alternative::two_sided,
                              result.options.level);
  });
}

}  // namespace comparison_detail

Comparison compare(const Source& first, const Source& second, const CompareOptions& options) {
  if (!(options.level > 0 && options.level < 1))
    throw Error("the level", "must lie between 0 and 1");
  if (options.replicates < 0) throw Error("the replicates", "must be 0 or more");
  Comparison result;
  result.options = options;
  result.first = first.where;
  result.second = second.where;
  comparison_detail::Matching matching(first, second);
  matching.run(result);
  for (const auto& [fold, pairs] : matching.folds)
    result.folds.push_back(comparison_detail::compare_pairs(fold, pairs, options.level));
  result.pooled = comparison_detail::compare_pairs(-1, matching.all, options.level);
  if (matching.repeated)
    result.pooled.test = unknown<survival::ConcordanceDifference>(
        "undefined: some patients are in several folds, so that the rows are not different "
        "patients");
  comparison_detail::over_folds(result, matching.folds);
  result.bootstrap = measured([&] { return comparison_detail::bootstrap(matching, options); });
  return result;
}

}  // namespace tractrix::eval
