// Filters along rows (attention.hpp): each output row is a weighted sum of the rows around it.
#pragma once

#include "product.hpp"
#include "tractrix/kernels/attention.hpp"

namespace tractrix::kernels::TRACTRIX_LEVEL {

// Columns [j, j + vectors of kWidth) of rows [i, i + kTileRows) of y. w has kTileRows - 1 zeros on
// either side, so that each of the rows in reach meets each output row with a weight.
template <int vectors, class T>
inline void filter_tile(const RowFilter<T>& f, const T* w, Rows<const T> x, Rows<T> y, int64_t i,
                        int64_t j) {
  constexpr int W = kWidth<T>;
  Vector<T> sums[kTileRows][vectors];
  for (auto& row : sums)
    for (auto& s : row) s = Vector<T>{};
  const int64_t reach = f.taps / 2, span = f.taps + kTileRows - 1;
  const int64_t from = i - reach < 0 ? reach - i : 0;
  const int64_t to = i - reach + span > f.n ? f.n - i + reach : span;
  for (int64_t s = from; s < to; ++s) {
    const T* row = x.data + (i - reach + s) * x.stride + j;
    Vector<T> values[vectors];
    for (int c = 0; c < vectors; ++c) values[c] = load(row + c * W);
#pragma GCC unroll 12
    for (int r = 0; r < kTileRows; ++r) {
      const Vector<T> weight = all<T>(w[kTileRows - 1 + s - r]);
#pragma GCC unroll 2
      for (int c = 0; c < vectors; ++c) sums[r][c] += weight * values[c];
    }
  }
  for (int r = 0; r < kTileRows && i + r < f.n; ++r)
    for (int c = 0; c < vectors; ++c) store(y.data + (i + r) * y.stride + j + c * W, sums[r][c]);
}

template <class T>
inline void filter_column(const RowFilter<T>& f, Rows<const T> x, Rows<T> y, int64_t j) {
  for (int64_t i = 0; i < f.n; ++i) {
    T total = 0;
    for (int64_t t = 0; t < f.taps; ++t) {
      const int64_t from = i + t - f.taps / 2;
      if (from >= 0 && from < f.n) total += f.w[t] * x.data[from * x.stride + j];
    }
    y.data[i * y.stride + j] = total;
  }
}

template <class T>
void filter_rows(const RowFilter<T>& f, Rows<const T> x, Rows<T> y) {
  constexpr int W = kWidth<T>;
  Scratch s((f.taps + 2 * kTileRows) * static_cast<int64_t>(sizeof(T)));
  T* w = s.take<T>(f.taps + 2 * kTileRows);
  for (int64_t t = 0; t < f.taps; ++t) w[kTileRows - 1 + t] = f.w[t];
  int64_t j = 0;
  for (; j + 2 * W <= f.e; j += 2 * W)
    for (int64_t i = 0; i < f.n; i += kTileRows) filter_tile<2>(f, w, x, y, i, j);
  for (; j + W <= f.e; j += W)
    for (int64_t i = 0; i < f.n; i += kTileRows) filter_tile<1>(f, w, x, y, i, j);
  for (; j < f.e; ++j) filter_column(f, x, y, j);
}

// Adds to sums the gradients of `some` weights from the t-th on, of rows [from, to) and columns
// [j, j + kWidth): one vector a weight.
template <int some, class T>
inline void weight_slopes(const RowFilter<T>& f, Rows<const T> x, Rows<const T> dy, int64_t from,
                          int64_t to, int64_t t, int64_t j, T* sums) {
  Vector<T> total[some];
  for (int u = 0; u < some; ++u) total[u] = load(sums + (t + u) * kWidth<T>);
  for (int64_t i = from; i < to; ++i) {
    const Vector<T> slope = load(dy.data + i * dy.stride + j);
    const int64_t first = i + t - f.taps / 2;
    if (first >= 0 && first + some <= f.n) {
#pragma GCC unroll 12
      for (int u = 0; u < some; ++u) total[u] += slope * load(x.data + (first + u) * x.stride + j);
    } else {
      for (int u = 0; u < some; ++u)
        if (first + u >= 0 && first + u < f.n)
          total[u] += slope * load(x.data + (first + u) * x.stride + j);
    }
  }
  for (int u = 0; u < some; ++u) store(sums + (t + u) * kWidth<T>, total[u]);
}

// Rows in blocks, so that those in reach stay in the cache for all weights and columns.
template <class T>
inline int64_t whole_columns(const RowFilter<T>& f, Rows<const T> x, Rows<const T> dy, T* dw) {
  constexpr int W = kWidth<T>, kSome = 11, kBlock = 64;
  Scratch s(f.taps * kBytes);
  T* sums = s.take<T>(f.taps * W);
  for (int64_t i = 0; i < f.n; i += kBlock) {
    const int64_t to = i + kBlock < f.n ? i + kBlock : f.n;
    for (int64_t j = 0; j + W <= f.e; j += W) {
      int64_t t = 0;
      for (; t + kSome <= f.taps; t += kSome) weight_slopes<kSome>(f, x, dy, i, to, t, j, sums);
      for (; t < f.taps; ++t) weight_slopes<1>(f, x, dy, i, to, t, j, sums);
    }
  }
  for (int64_t t = 0; t < f.taps; ++t) dw[t] += sum<T>(load(sums + t * W));
  return f.e / W * W;
}

template <class T>
void filter_rows_backward(const RowFilter<T>& f, Rows<const T> x, Rows<const T> dy, Rows<T> dx,
                          T* dw) {
  Scratch s(f.taps * static_cast<int64_t>(sizeof(T)));
  T* turned = s.take<T>(f.taps);
  for (int64_t t = 0; t < f.taps; ++t) turned[t] = f.w[f.taps - 1 - t];
  TRACTRIX_LEVEL::filter_rows(RowFilter<T>{f.n, f.e, f.taps, turned}, dy, dx);
  for (int64_t j = whole_columns(f, x, dy, dw); j < f.e; ++j)
    for (int64_t i = 0; i < f.n; ++i)
      for (int64_t t = 0; t < f.taps; ++t) {
        const int64_t from = i + t - f.taps / 2;
        if (from >= 0 && from < f.n)
          dw[t] += dy.data[i * dy.stride + j] * x.data[from * x.stride + j];
      }
}

}  // namespace tractrix::kernels::TRACTRIX_LEVEL
