// Filters over a grid of tokens (attention.hpp), a vector of columns at a time: the rows of the
// grid in reach lie side by side in the cache with zeros around them.
#pragma once

#include "product.hpp"
#include "tractrix/kernels/attention.hpp"

namespace tractrix::kernels::TRACTRIX_LEVEL {

constexpr int kAcross = kTileRows;  // tokens of a tile

// Rows of the grid as vectors with size / 2 zeros in front and enough behind for whole tiles.
template <class T>
class Band {
 public:
  Band(const GridFilter<T>& f, Scratch& s)
      : f_(f),
        length_(f.size - 1 + up(f.width, kAcross)),
        rows_(s.take<T>(f.size * length_ * kWidth<T>)) {}
  static int64_t bytes(const GridFilter<T>& f) {
    return f.size * (f.size - 1 + up(f.width, kAcross)) * kBytes + 64;
  }
  // Row i of the grid (zeros outside) at the place of its number; columns [j, j + some).
  void take(Rows<const T> x, int64_t i, int64_t j, int64_t some) {
    T* to = at(i) + f_.size / 2 * kWidth<T>;
    if (i < 0 || i >= f_.height) {
      std::memset(static_cast<void*>(to), 0, static_cast<size_t>(f_.width) * kBytes);
      return;
    }
    const T* from = x.data + i * f_.width * x.stride + j;
    if (some == kWidth<T>) {
      for (int64_t c = 0; c < f_.width; ++c) store(to + c * kWidth<T>, load(from + c * x.stride));
    } else {
      for (int64_t c = 0; c < f_.width; ++c)
        std::memcpy(to + c * kWidth<T>, from + c * x.stride, static_cast<size_t>(some) * sizeof(T));
    }
  }
  T* at(int64_t i) const {  // i >= -size
    return rows_ + (i + f_.size) % f_.size * length_ * kWidth<T>;
  }

 private:
  const GridFilter<T>& f_;
  int64_t length_;
  T* rows_;
};

// Vectors of the filter's columns [j, j + some), turned round for a backward.
template <class T>
inline void take_weights(const GridFilter<T>& f, int64_t j, int64_t some, bool turned, T* to) {
  const int64_t count = f.size * f.size;
  for (int64_t k = 0; k < count; ++k)
    std::memcpy(to + k * kWidth<T>, f.w + (turned ? count - 1 - k : k) * f.columns + j,
                static_cast<size_t>(some) * sizeof(T));
}

// Tokens [c, c + kAcross) of row i.
template <class T>
inline void grid_tile(const GridFilter<T>& f, const Band<T>& band, const T* w, Vector<T> start,
                      int64_t i, int64_t c, Vector<T>* sums) {
  Vector<T> total[kAcross];
  for (auto& t : total) t = start;
  for (int64_t y = 0; y < f.size; ++y) {
    const T* row = band.at(i + y - f.size / 2) + c * kWidth<T>;
    for (int64_t x = 0; x < f.size; ++x) {
      const Vector<T> weight = load(w + (y * f.size + x) * kWidth<T>);
#pragma GCC unroll 12
      for (int t = 0; t < kAcross; ++t) total[t] += weight * load(row + (x + t) * kWidth<T>);
    }
  }
  for (int t = 0; t < kAcross; ++t) sums[t] = total[t];
}

template <class T>
inline void put_columns(T* to, Vector<T> v, int64_t some) {
  if (some == kWidth<T>) {
    store(to, v);
  } else {
    std::memcpy(to, &v, static_cast<size_t>(some) * sizeof(T));
  }
}

template <class T>
inline void filter_columns(const GridFilter<T>& f, Rows<const T> x, Rows<T> y, int64_t j,
                           int64_t some, bool turned) {
  Scratch s(Band<T>::bytes(f) + (f.size * f.size + 1) * kBytes + 128);
  Band<T> band(f, s);
  T* w = s.take<T>(f.size * f.size * kWidth<T>);
  take_weights(f, j, some, turned, w);
  Vector<T> start{};
  if (f.bias && !turned) std::memcpy(&start, f.bias + j, static_cast<size_t>(some) * sizeof(T));
  const int64_t reach = f.size / 2;
  for (int64_t i = -reach; i < reach; ++i) band.take(x, i, j, some);
  for (int64_t i = 0; i < f.height; ++i) {
    band.take(x, i + reach, j, some);
    for (int64_t c = 0; c < f.width; c += kAcross) {
      Vector<T> sums[kAcross];
      grid_tile(f, band, w, start, i, c, sums);
      for (int64_t t = 0; t < kAcross && c + t < f.width; ++t)
        put_columns(y.data + (i * f.width + c + t) * y.stride + j, sums[t], some);
    }
  }
}

// sums[x] += slopes of one row times the row x to the right of where the filter starts.
template <int some, class T>
inline void row_slopes(const T* g, const T* row, int64_t width, T* sums) {
  Vector<T> total[some];
  for (int x = 0; x < some; ++x) total[x] = load(sums + x * kWidth<T>);
  for (int64_t c = 0; c < width; ++c) {
    const Vector<T> slope = load(g + c * kWidth<T>);
#pragma GCC unroll 7
    for (int x = 0; x < some; ++x) total[x] += slope * load(row + (c + x) * kWidth<T>);
  }
  for (int x = 0; x < some; ++x) store(sums + x * kWidth<T>, total[x]);
}

template <class T>
inline void weight_columns(const GridFilter<T>& f, Rows<const T> x, Rows<const T> dy, int64_t j,
                           int64_t some, T* dw, T* dbias) {
  const int64_t count = f.size * f.size, reach = f.size / 2;
  Scratch s(2 * Band<T>::bytes(f) + (count + 1) * kBytes + 128);
  Band<T> band(f, s), slopes(f, s);
  T* sums = s.take<T>(count * kWidth<T>);
  Vector<T> total{};
  for (int64_t i = -reach; i < reach; ++i) band.take(x, i, j, some);
  for (int64_t i = 0; i < f.height; ++i) {
    band.take(x, i + reach, j, some);
    slopes.take(dy, i, j, some);
    const T* g = slopes.at(i) + reach * kWidth<T>;
    for (int64_t c = 0; c < f.width; ++c) total += load(g + c * kWidth<T>);
    for (int64_t y = 0; y < f.size; ++y) {
      T* to = sums + y * f.size * kWidth<T>;
      const T* row = band.at(i + y - reach);
      int64_t from = 0;
      for (; from + 7 <= f.size; from += 7)
        row_slopes<7>(g, row + from * kWidth<T>, f.width, to + from * kWidth<T>);
      for (; from < f.size; ++from)
        row_slopes<1>(g, row + from * kWidth<T>, f.width, to + from * kWidth<T>);
    }
  }
  for (int64_t k = 0; k < count; ++k)
    put_columns(dw + k * f.columns + j, load(sums + k * kWidth<T>), some);
  put_columns(dbias + j, total, some);
}

template <class T>
void filter_grid(const GridFilter<T>& f, Rows<const T> x, Rows<T> y, int64_t from, int64_t to) {
  for (int64_t j = from; j < to; j += kWidth<T>)
    filter_columns(f, x, y, j, to - j < kWidth<T> ? to - j : kWidth<T>, false);
}

template <class T>
void filter_grid_backward(const GridFilter<T>& f, Rows<const T> x, Rows<const T> dy, Rows<T> dx,
                          T* dw, T* dbias, int64_t from, int64_t to) {
  for (int64_t j = from; j < to; j += kWidth<T>) {
    const int64_t some = to - j < kWidth<T> ? to - j : kWidth<T>;
    filter_columns(f, dy, dx, j, some, true);
    weight_columns(f, x, dy, j, some, dw, dbias);
  }
}

}  // namespace tractrix::kernels::TRACTRIX_LEVEL
