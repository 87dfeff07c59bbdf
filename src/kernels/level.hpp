// The body of level_*.cpp, each compiled with the options of its instruction set.
#include "attention_tiles.hpp"
#include "grid_filter.hpp"
#include "row_filter.hpp"
#include "table.hpp"

namespace tractrix::kernels::TRACTRIX_LEVEL {

template <class T>
constexpr Table<T> kTable{
    .few_keys = few_keys<T>,
    .few_keys_backward = few_keys_backward<T>,
    .many_keys = many_keys<T>,
    .many_keys_backward = many_keys_backward<T>,
    .filter_rows = filter_rows<T>,
    .filter_rows_backward = filter_rows_backward<T>,
    .filter_grid = filter_grid<T>,
    .filter_grid_backward = filter_grid_backward<T>,
};
const Tables kTables{kTable<float>, kTable<double>};

}  // namespace tractrix::kernels::TRACTRIX_LEVEL
