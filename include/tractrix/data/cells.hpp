// What a table's cell may stand for.
#pragma once

#include <string_view>

namespace tractrix::data {

// Text that stands for "no value": empty, NA, N/A, NaN, null, none (any case).
bool is_missing(std::string_view cell);

}  // namespace tractrix::data
