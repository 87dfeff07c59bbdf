// A cohort as one fold sees it: prepared vectors, bins, and batches on request.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tractrix/data/bag_cache.hpp"
#include "tractrix/data/batch.hpp"
#include "tractrix/data/cohort.hpp"
#include "tractrix/data/preparation.hpp"
#include "tractrix/data/reader.hpp"

namespace tractrix::data {

class FoldView final : public Reader {
 public:
  // Columns of the preparation are found in the cohort by name; missing ones are one Error that
  // lists them.
  FoldView(std::shared_ptr<const Cohort> cohort, Preparation preparation,
           std::shared_ptr<BagCache> cache);

  const Cohort& cohort() const { return *cohort_; }
  const Preparation& preparation() const { return preparation_; }
  const Schema& schema() const { return schema_; }

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
  Tensors vectors_;                // [P, D], standardised
  at::Tensor time_, event_, bin_;  // [P]
  at::Device device_;
  at::ScalarType floating_;
};

}  // namespace tractrix::data
