// Attention between many rows and few, and convolutions along rows, on plain arrays: the scores of
// a tile of rows live in the cache only, so memory grows with the rows and not with rows times
// keys. Compiled for several instruction sets, chosen when the program starts. float and double.
//
// Each call works on one head, on the calling thread. Scores and gradients of a NaN are NaN.
#pragma once

#include <cstdint>

namespace tractrix::kernels {

// Rows of a matrix that are `stride` elements apart; the columns of a row are next to each other.
template <class T>
struct Rows {
  T* data;
  int64_t stride;
};

// y = softmax(q k^T) v: n queries over m keys, heads of e columns. k, v [m, e] without gaps.
template <class T>
struct FewKeys {
  int64_t n, m, e;
  Rows<const T> q;
  const T *k, *v;
  T first;  // added to the scores of key 0: the logarithm of how many keys it stands for
};

// y = softmax(q k^T) v: m queries over n keys and `zeros` more keys and values that are zero.
template <class T>
struct ManyKeys {
  int64_t n, m, e;
  const T* q;  // [m, e] without gaps
  Rows<const T> k, v;
  int64_t zeros;
};

// One filter w [taps] (an odd number) for n rows of e columns; rows beyond the ends are zero.
template <class T>
struct RowFilter {
  int64_t n, e, taps;
  const T* w;
};

// A filter of its own for each column of tokens on a grid [height * width, columns], zeros around
// it: w [size * size, columns] (size odd), bias [columns] or null.
template <class T>
struct GridFilter {
  int64_t height, width, columns, size;
  const T *w, *bias;
};

// y [n, e]; lse [n]: logarithms of the sums of the exponentials, kept for the backward.
template <class T>
void few_keys(const FewKeys<T>& a, Rows<T> y, T* lse);
// dq [n, e] is written, dk and dv [m, e] are added to.
template <class T>
void few_keys_backward(const FewKeys<T>& a, const T* lse, Rows<const T> dy, Rows<T> dq, T* dk,
                       T* dv);

// y [m, e], lse [m].
template <class T>
void many_keys(const ManyKeys<T>& a, T* y, T* lse);
// dq [m, e] is added to, dk and dv [n, e] are written.
template <class T>
void many_keys_backward(const ManyKeys<T>& a, const T* y, const T* lse, const T* dy, T* dq,
                        Rows<T> dk, Rows<T> dv);

// y(i) = sum over t of w(t) x(i + t - taps / 2), as a cross-correlation.
template <class T>
void filter_rows(const RowFilter<T>& f, Rows<const T> x, Rows<T> y);
// dx is written, dw [taps] is added to.
template <class T>
void filter_rows_backward(const RowFilter<T>& f, Rows<const T> x, Rows<const T> dy, Rows<T> dx,
                          T* dw);

// Columns [from, to) of y; a token's value is the sum over the filter of w times the tokens around
// it.
template <class T>
void filter_grid(const GridFilter<T>& f, Rows<const T> x, Rows<T> y, int64_t from, int64_t to);
// Columns [from, to) of dx, dw and dbias are written.
template <class T>
void filter_grid_backward(const GridFilter<T>& f, Rows<const T> x, Rows<const T> dy, Rows<T> dx,
                          T* dw, T* dbias, int64_t from, int64_t to);

// Floating-point operations of the matrix products (not of filters) of all calls so far.
int64_t operations();

// The instruction sets, the best one of this processor chosen at first use. avx512 needs the
// subsets F, BW, DQ and VL.
enum class Level { base, avx2, avx512 };
bool supported(Level level);
Level level();
const char* name(Level level);
// For tests and comparisons; false where the processor lacks it. Not while kernels run.
bool choose(Level level);

}  // namespace tractrix::kernels
