// p values adjusted for several tests.
#pragma once

#include <span>
#include <vector>

namespace tractrix::survival {

// Holm 1979 (family-wise error): running maximum of min(1, (m - k + 1) p_(k)). Input order is kept.
// Throws an Error for no value and for values outside [0, 1].
std::vector<double> holm(std::span<const double> p);

// Benjamini and Hochberg 1995 (false discovery rate): running minimum from the largest of
// min(1, m p_(k) / k). Errors as above.
std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace tractrix::survival
