// Two ways to the same numbers (up to rounding).
#pragma once

#include <utility>

namespace tractrix::nn {

// reference: the operations of the published code, one by one. exact: fewer of them, rearranged by
// identities that hold exactly; outputs and gradients differ by rounding only. With dropout on,
// exact forms draw fewer random numbers.
enum class Form { reference, exact };
constexpr std::pair<const char*, Form> kForms[] = {{"exact", Form::exact},
                                                   {"reference", Form::reference}};
constexpr auto& names(Form) { return kForms; }

}  // namespace tractrix::nn
