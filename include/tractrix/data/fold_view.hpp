// A cohort as one fold sees it: prepared vectors, bins, and batches on request.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/data/bag_cache.hpp"
#include "tractrix/data/batch.hpp"
#include "tractrix/data/cohort.hpp"
#include "tractrix/data/preparation.hpp"
#include "tractrix/data/reader.hpp"
#include "tractrix/data/withheld.hpp"

namespace tractrix::data {

// Columns a model was trained on that a cohort does not have.
enum class AbsentColumns { error, train_mean };
constexpr std::pair<const char*, AbsentColumns> kAbsentColumns[] = {
    {"error", AbsentColumns::error}, {"train_mean", AbsentColumns::train_mean}};

class FoldView final : public Reader {
 public:
  // Columns of the preparation are found in the cohort by name. One Error lists all that is
  // missing, levels that training has not seen, and bags of another width. Batches of patients
  // without a label have no targets.
  FoldView(std::shared_ptr<const Cohort> cohort, Preparation preparation,
           std::shared_ptr<BagCache> cache, AbsentColumns absent = AbsentColumns::error);

  const Cohort& cohort() const { return *cohort_; }
  const Preparation& preparation() const { return preparation_; }
  const Schema& schema() const { return schema_; }

  // From here on these patients lack these inputs.
  void withhold(Withheld withheld) { withheld_ = std::move(withheld); }
  // Names of the inputs a patient has, in schema order.
  std::vector<std::string> present(const std::string& id) const override;
  Batch read(const std::vector<std::string>& ids, const Seed& seed) const override;
  void prefetch(const std::vector<std::string>& ids) const override;
  // Patches of a patient over all its bags; 0 without bags.
  int64_t patches(const std::string& id) const;
  void to(at::Device device, at::ScalarType floating);

 private:
  void add_bag(Batch& batch, const std::string& name, const BagInput& bags,
               const std::vector<int64_t>& rows) const;

  std::shared_ptr<const Cohort> cohort_;
  Preparation preparation_;
  Schema schema_;
  std::shared_ptr<BagCache> cache_;
  Withheld withheld_;
  Tensors vectors_;                // [P, D], standardised
  at::Tensor time_, event_, bin_;  // [P]
  at::Device device_;
  at::ScalarType floating_;
};

}  // namespace tractrix::data
