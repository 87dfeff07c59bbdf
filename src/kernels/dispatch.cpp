#include <atomic>

#include "table.hpp"

namespace tractrix::kernels {
namespace {

const Tables& tables_of(Level level) {
#ifdef TRACTRIX_KERNELS_X86
  if (level == Level::avx512) return avx512::kTables;
  if (level == Level::avx2) return avx2::kTables;
#endif
  (void)level;
  return base::kTables;
}

Level best() {
  for (const Level level : {Level::avx512, Level::avx2})
    if (supported(level)) return level;
  return Level::base;
}

std::atomic<Level>& chosen() {
  static std::atomic<Level> level{best()};
  return level;
}

template <class T>
const Table<T>& table() {
  const Tables& tables = tables_of(chosen());
  if constexpr (sizeof(T) == sizeof(float)) {
    return tables.single;
  } else {
    return tables.whole;
  }
}

std::atomic<int64_t> counted{0};

void count(int64_t operations) { counted.fetch_add(operations, std::memory_order_relaxed); }

}  // namespace

int64_t operations() { return counted; }

bool supported(Level level) {
#ifdef TRACTRIX_KERNELS_X86
  if (level == Level::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (level == Level::avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
  return level == Level::base;
}

Level level() { return chosen(); }

const char* name(Level level) {
  switch (level) {
    case Level::avx512:
      return "avx512";
    case Level::avx2:
      return "avx2";
    default:
      return "base";
  }
}

bool choose(Level level) {
  if (!supported(level)) return false;
  chosen() = level;
  return true;
}

template <class T>
void few_keys(const FewKeys<T>& a, Rows<T> y, T* lse) {
  count(4 * a.n * a.m * a.e);
  table<T>().few_keys(a, y, lse);
}
template <class T>
void few_keys_backward(const FewKeys<T>& a, const T* lse, Rows<const T> dy, Rows<T> dq, T* dk,
                       T* dv) {
  count(10 * a.n * a.m * a.e);  // the scores once more, and four gradients
  table<T>().few_keys_backward(a, lse, dy, dq, dk, dv);
}
template <class T>
void many_keys(const ManyKeys<T>& a, T* y, T* lse) {
  count(4 * a.n * a.m * a.e);
  table<T>().many_keys(a, y, lse);
}
template <class T>
void many_keys_backward(const ManyKeys<T>& a, const T* y, const T* lse, const T* dy, T* dq,
                        Rows<T> dk, Rows<T> dv) {
  count(10 * a.n * a.m * a.e);
  table<T>().many_keys_backward(a, y, lse, dy, dq, dk, dv);
}
template <class T>
void filter_rows(const RowFilter<T>& f, Rows<const T> x, Rows<T> y) {
  table<T>().filter_rows(f, x, y);
}
template <class T>
void filter_rows_backward(const RowFilter<T>& f, Rows<const T> x, Rows<const T> dy, Rows<T> dx,
                          T* dw) {
  table<T>().filter_rows_backward(f, x, dy, dx, dw);
}
template <class T>
void filter_grid(const GridFilter<T>& f, Rows<const T> x, Rows<T> y, int64_t from, int64_t to) {
  table<T>().filter_grid(f, x, y, from, to);
}
template <class T>
void filter_grid_backward(const GridFilter<T>& f, Rows<const T> x, Rows<const T> dy, Rows<T> dx,
                          T* dw, T* dbias, int64_t from, int64_t to) {
  table<T>().filter_grid_backward(f, x, dy, dx, dw, dbias, from, to);
}

#define TRACTRIX_KERNELS_OF(T)                                                                    \
  template void few_keys(const FewKeys<T>&, Rows<T>, T*);                                         \
  template void few_keys_backward(const FewKeys<T>&, const T*, Rows<const T>, Rows<T>, T*, T*);   \
  template void many_keys(const ManyKeys<T>&, T*, T*);                                            \
  template void many_keys_backward(const ManyKeys<T>&, const T*, const T*, const T*, T*, Rows<T>, \
                                   Rows<T>);                                                      \
  template void filter_rows(const RowFilter<T>&, Rows<const T>, Rows<T>);                         \
  template void filter_rows_backward(const RowFilter<T>&, Rows<const T>, Rows<const T>, Rows<T>,  \
                                     T*);                                                         \
  template void filter_grid(const GridFilter<T>&, Rows<const T>, Rows<T>, int64_t, int64_t);      \
  template void filter_grid_backward(const GridFilter<T>&, Rows<const T>, Rows<const T>, Rows<T>, \
                                     T*, T*, int64_t, int64_t);
TRACTRIX_KERNELS_OF(float)
TRACTRIX_KERNELS_OF(double)
#undef TRACTRIX_KERNELS_OF

}  // namespace tractrix::kernels
