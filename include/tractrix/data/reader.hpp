// How a trainer asks for examples; it knows neither cohorts nor files.
#pragma once

#include <string>
#include <vector>

#include "tractrix/data/batch.hpp"

namespace tractrix::data {

class Reader {
 public:
  virtual ~Reader() = default;
  // Names of the inputs an example has, in schema order.
  virtual std::vector<std::string> present(const std::string& id) const = 0;
  // All ids must have the same inputs. Row i's seed is seed.at("row", i).
  virtual Batch read(const std::vector<std::string>& ids, const Seed& seed) const = 0;
  // Starts reading these examples in the background.
  virtual void prefetch(const std::vector<std::string>& /*ids*/) const {}
};

}  // namespace tractrix::data
