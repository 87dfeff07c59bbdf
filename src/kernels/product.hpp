// Products of small matrices that lie in the cache, and the scratch memory for them.
#pragma once

#include <cstdlib>
#include <new>

#include "simd.hpp"

namespace tractrix::kernels::TRACTRIX_LEVEL {

inline int64_t up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

// Aligned memory for one call, handed out piece by piece.
class Scratch {
 public:
  explicit Scratch(int64_t bytes)
      : memory_(static_cast<char*>(std::aligned_alloc(64, static_cast<size_t>(up(bytes, 64))))) {
    if (!memory_) throw std::bad_alloc();
  }
  ~Scratch() { std::free(memory_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* take(int64_t count) {
    T* piece = reinterpret_cast<T*>(memory_ + used_);
    used_ += up(count * static_cast<int64_t>(sizeof(T)), 64);
    std::memset(static_cast<void*>(piece), 0, static_cast<size_t>(count) * sizeof(T));
    return piece;
  }

 private:
  char* memory_;
  int64_t used_ = 0;
};

enum class Start { zero, row, sum };  // of a product: from nothing, from one row, or added

// A factor: element (i, k) is at data[i * row + k * column].
template <class T>
struct Left {
  const T* data;
  int64_t row, column;
};

// A factor in panels of kColumns columns: row k of panel p at data[p * panel + k * row].
template <class T>
struct Right {
  const T* data;
  int64_t panel, row;
};

// c [kTileRows, kColumns] from a [kTileRows, depth] and one panel b [depth, kColumns].
template <Start start, class T>
inline void product_tile(Left<T> a, const T* b, int64_t b_row, int64_t depth, const T* row, T* c,
                         int64_t c_row) {
  constexpr int W = kWidth<T>;
  Vector<T> left[kTileRows], right[kTileRows];
#pragma GCC unroll 12
  for (int i = 0; i < kTileRows; ++i) {
    left[i] = start == Start::zero ? Vector<T>{} : load(start == Start::row ? row : c + i * c_row);
    right[i] =
        start == Start::zero ? Vector<T>{} : load((start == Start::row ? row : c + i * c_row) + W);
  }
  for (int64_t k = 0; k < depth; ++k) {
    const Vector<T> b0 = load(b + k * b_row), b1 = load(b + k * b_row + W);
    const T* column = a.data + k * a.column;
#pragma GCC unroll 12
    for (int i = 0; i < kTileRows; ++i) {
      const Vector<T> x = all<T>(column[i * a.row]);
      left[i] += x * b0;
      right[i] += x * b1;
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kTileRows; ++i) {
    store(c + i * c_row, left[i]);
    store(c + i * c_row + W, right[i]);
  }
}

// c [rows, columns] = a [rows, depth] b [depth, columns]; rows and columns are whole tiles.
template <Start start, class T>
inline void product(int64_t rows, int64_t columns, int64_t depth, Left<T> a, Right<T> b, T* c,
                    int64_t c_row, const T* row = nullptr) {
  for (int64_t j = 0; j < columns; j += kColumns<T>) {
    const T* panel = b.data + j / kColumns<T> * b.panel;
    for (int64_t i = 0; i < rows; i += kTileRows)
      product_tile<start>(Left<T>{a.data + i * a.row, a.row, a.column}, panel, b.row, depth,
                          start == Start::row ? row + j : nullptr, c + i * c_row + j, c_row);
  }
}

// Panels of x [depth, columns] where element (k, j) is at x[k * row + j * column].
template <class T>
inline Right<T> panels(T* to, const T* x, int64_t depth, int64_t columns, int64_t row,
                       int64_t column) {
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t k = 0; k < depth; ++k)
      to[(j / kColumns<T> * depth + k) * kColumns<T> + j % kColumns<T>] = x[k * row + j * column];
  return {to, depth * kColumns<T>, kColumns<T>};
}

// A tile as it lies, rows `row` apart.
template <class T>
inline Right<T> as_it_lies(const T* tile, int64_t row) {
  return {tile, kColumns<T>, row};
}

}  // namespace tractrix::kernels::TRACTRIX_LEVEL
