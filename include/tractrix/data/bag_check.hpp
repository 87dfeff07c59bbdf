// What only the values of a cohort's bags tell: `tractrix data check` reads every one of them.
#pragma once

#include <string>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/data/cohort.hpp"
#include "tractrix/data/splits.hpp"

namespace tractrix::data {

// Reads every bag that the cohort uses, one at a time, and adds a finding for each that holds a
// value that is not finite or does not match its checksum, and for each set of bags with the same
// bytes of which one patient trains and another one is reported in a fold. Returns notes: equal
// bags that no fold separates, or that the policy allows.
//
// Bags of the same shape and 64-bit fingerprint are compared byte by byte: nothing rests on a hash.
std::vector<std::string> check_bags(const Cohort& cohort, const std::vector<Fold>& folds,
                                    bool allow_equal_bags, Errors& errors);

}  // namespace tractrix::data
