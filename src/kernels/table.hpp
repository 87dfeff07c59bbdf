// What each instruction set provides.
#pragma once

#include "tractrix/kernels/attention.hpp"

namespace tractrix::kernels {

template <class T>
struct Table {
  decltype(&kernels::few_keys<T>) few_keys;
  decltype(&kernels::few_keys_backward<T>) few_keys_backward;
  decltype(&kernels::many_keys<T>) many_keys;
  decltype(&kernels::many_keys_backward<T>) many_keys_backward;
  decltype(&kernels::filter_rows<T>) filter_rows;
  decltype(&kernels::filter_rows_backward<T>) filter_rows_backward;
  decltype(&kernels::filter_grid<T>) filter_grid;
  decltype(&kernels::filter_grid_backward<T>) filter_grid_backward;
};

struct Tables {
  Table<float> single;
  Table<double> whole;
};

namespace base {
extern const Tables kTables;
}
namespace avx2 {
extern const Tables kTables;
}
namespace avx512 {
extern const Tables kTables;
}

}  // namespace tractrix::kernels
