#include "tractrix/data/splits.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/cells.hpp"

namespace tractrix::data {
namespace splits_detail {

std::filesystem::path split_file(const std::filesystem::path& folder, int64_t k) {
  return folder / ("splits_" + std::to_string(k) + ".csv");
}

std::vector<std::string> ids_of(const CsvTable& table, int64_t column) {
  std::vector<std::string> ids;
  for (int64_t r = 0; r < table.rows(); ++r)
    if (!is_missing(table.at(r, column))) ids.emplace_back(table.at(r, column));
  return ids;
}

// One side of a fold: known ids without repeats, in file order.
std::vector<std::string> check_side(std::vector<std::string> ids, const std::string& side,
                                    const std::string& where, const SplitOptions& options,
                                    const Cohort& cohort, Errors& errors) {
  std::set<std::string> seen;
  std::vector<std::string> known, unknown, twice;
  for (auto& id : ids) {
    if (!seen.insert(id).second) {
      twice.push_back(id);
    } else if (cohort.has(id)) {
      known.push_back(std::move(id));
    } else {
      unknown.push_back(std::move(id));
    }
  }
  if (!twice.empty())
    errors.add(where, std::to_string(twice.size()) + " patients are twice in '" + side +
                          "': " + enumerate(twice));
  if (!unknown.empty() && !options.allow_unknown) {
    errors.add(where,
               std::to_string(unknown.size()) + " patients of '" + side +
                   "' are not in the cohort: " + enumerate(unknown),
               "set split.allow_unknown=true to go on without them");
  }
  if (known.empty()) errors.add(where, "no patient in '" + side + "'");
  return known;
}

Fold read_fold(const SplitOptions& options, int64_t k, const Cohort& cohort, Errors& errors) {
  const auto file = split_file(options.folder, k);
  const CsvTable table = CsvTable::read(file);
  const std::string val = table.find("val") ? "val" : "test";
  Fold fold;
  fold.index = k;
  fold.train = check_side(ids_of(table, table.column("train")), "train", file.string(), options,
                          cohort, errors);
  fold.val =
      check_side(ids_of(table, table.column(val)), val, file.string(), options, cohort, errors);
  const std::set<std::string> training(fold.train.begin(), fold.train.end());
  std::vector<std::string> both;
  for (const auto& id : fold.val)
    if (training.contains(id)) both.push_back(id);
  if (!both.empty())
    errors.add(file.string(),
               std::to_string(both.size()) + " patients are on both sides: " + enumerate(both));
  return fold;
}

void check_coverage(const std::vector<Fold>& folds, const SplitOptions& options,
                    const Cohort& cohort, Errors& errors) {
  std::set<std::string> listed;
  for (const auto& fold : folds) {
    listed.insert(fold.train.begin(), fold.train.end());
    listed.insert(fold.val.begin(), fold.val.end());
  }
  std::vector<std::string> unlisted;
  for (const auto& patient : cohort.patients())
    if (!listed.contains(patient.id)) unlisted.push_back(patient.id);
  if (unlisted.empty() || options.allow_unlisted) return;
  errors.add(options.folder.string(),
             std::to_string(unlisted.size()) +
                 " patients of the cohort are in no fold: " + enumerate(unlisted),
             "set split.allow_unlisted=true to go on without them");
}

// Patients sorted by an own random key within each stratum.
std::map<int, std::vector<std::string>> shuffled_strata(const std::vector<std::string>& ids,
                                                        const Cohort& cohort, const Seed& seed,
                                                        bool by_time) {
  std::vector<double> times;
  for (const auto& id : ids)
    if (cohort.patients()[cohort.index(id)].event)
      times.push_back(cohort.patients()[cohort.index(id)].time);
  std::sort(times.begin(), times.end());
  std::map<int, std::vector<std::string>> strata;
  for (const auto& id : ids) {
    const auto& patient = cohort.patients()[cohort.index(id)];
    int quarter = 0;
    if (by_time) {
      const auto below = std::upper_bound(times.begin(), times.end(), patient.time) - times.begin();
      quarter = static_cast<int>(
          std::min<int64_t>(3, times.empty() ? 0 : 4 * below / static_cast<int64_t>(times.size())));
    }
    // Events first: dealt out in turn, their number differs by at most one between folds.
    strata[quarter + (patient.event ? 0 : 4)].push_back(id);
  }
  for (auto& [stratum, members] : strata) {
    std::sort(members.begin(), members.end(), [&](const auto& a, const auto& b) {
      return std::pair(seed.at(a).key(), a) < std::pair(seed.at(b).key(), b);
    });
  }
  return strata;
}

void take_inner(Fold& fold, double part, const Cohort& cohort, const Seed& seed) {
  std::set<std::string> inner;
  for (const auto& [stratum, members] : shuffled_strata(fold.train, cohort, seed, false)) {
    const auto count = static_cast<size_t>(part * static_cast<double>(members.size()) + 0.5);
    inner.insert(members.begin(), members.begin() + static_cast<int64_t>(count));
  }
  std::vector<std::string> train;
  for (auto& id : fold.train) (inner.contains(id) ? fold.inner : train).push_back(std::move(id));
  fold.train = std::move(train);
}

}  // namespace splits_detail

Splits read_splits(const SplitOptions& options, const Cohort& cohort, const Seed& seed) {
  Errors errors;
  auto splits = read_splits(options, cohort, seed, errors);
  errors.raise();
  return splits;
}

Splits read_splits(const SplitOptions& options, const Cohort& cohort, const Seed& seed,
                   Errors& errors) {
  using namespace splits_detail;
  Splits splits;
  const size_t before = errors.size();
  std::string hashes;
  for (int64_t k = 0; k < options.folds; ++k) {
    try {
      splits.folds.push_back(read_fold(options, k, cohort, errors));
      hashes += sha256_of_file(split_file(options.folder, k));
    } catch (const Error& e) {
      errors.add(e);
    }
  }
  if (errors.size() == before) check_coverage(splits.folds, options, cohort, errors);
  splits.sha256 = sha256(hashes);
  for (auto& fold : splits.folds)
    if (options.inner_val > 0)
      take_inner(fold, options.inner_val, cohort,
                 seed.at("inner", static_cast<uint64_t>(fold.index)));
  return splits;
}

std::vector<Fold> make_folds(const Cohort& cohort, int64_t folds, const Seed& seed) {
  std::vector<std::string> ids;
  for (const auto& patient : cohort.patients()) ids.push_back(patient.id);
  std::map<std::string, int64_t> home;
  int64_t next = 0;  // goes on over the strata, so that fold sizes differ by at most one
  for (const auto& [stratum, members] : splits_detail::shuffled_strata(ids, cohort, seed, true))
    for (const auto& id : members) home[id] = next++ % folds;
  std::vector<Fold> all(static_cast<size_t>(folds));
  for (int64_t k = 0; k < folds; ++k) {
    all[k].index = k;
    for (const auto& id : ids) (home[id] == k ? all[k].val : all[k].train).push_back(id);
  }
  return all;
}

void write_splits(const std::vector<Fold>& folds, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const auto& fold : folds) {
    std::string text = ",train,val\n";
    for (size_t i = 0; i < std::max(fold.train.size(), fold.val.size()); ++i) {
      text += std::to_string(i) + "," + (i < fold.train.size() ? fold.train[i] : "") + "," +
              (i < fold.val.size() ? fold.val[i] : "") + "\n";
    }
    write_file(splits_detail::split_file(folder, fold.index), text);
  }
}

}  // namespace tractrix::data
