// Which inputs a patient has, and which of them are taken away on purpose.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/data/cohort.hpp"
#include "tractrix/data/options.hpp"

namespace tractrix::data {

// Names of the inputs a patient of the cohort has, vectors first.
std::vector<std::string> inputs_of(const Cohort& cohort, const std::string& id);

// Inputs withheld from patients, by name and id.
class Withheld {
 public:
  // Each patient draws its own lot from (seed, id): neither the other patients nor the rate change
  // it. The last input of a patient is never taken.
  void draw(const WithholdOptions& options, const Cohort& cohort,
            const std::vector<std::string>& ids);
  bool has(const std::string& input, const std::string& id) const {
    return pairs_.contains({input, id});
  }
  bool empty() const { return pairs_.empty(); }
  size_t size() const { return pairs_.size(); }

 private:
  std::set<std::pair<std::string, std::string>> pairs_;
};

}  // namespace tractrix::data
