// Attention between many rows and few (attention.hpp), in tiles of kTile rows.
#pragma once

#include "product.hpp"
#include "tractrix/kernels/attention.hpp"

namespace tractrix::kernels::TRACTRIX_LEVEL {

constexpr int64_t kTile = 48;

// Sizes in whole tiles, and the memory of one call. The rows of scores are wider than their
// columns: the product with their transpose reads whole tiles of rows, and a width that is no power
// of two spreads over the cache.
template <class T>
struct Sizes {
  int64_t m, e, keys, heads, width, rows;

  Sizes(int64_t m_, int64_t e_)
      : m(m_),
        e(e_),
        keys(up(m_, kColumns<T>)),
        heads(up(e_, kColumns<T>)),
        width(keys + up(kTileRows, kColumns<T>)),
        rows(up(m_, kTileRows)) {}
  // Panels of the few rows (keys x heads), sums over tiles (rows x heads), tiles of rows and
  // scores.
  int64_t bytes() const {
    const int64_t lots = 4 * up(keys, 64) * heads + 2 * rows * heads + 4 * kTile * heads +
                         2 * kTile * width + 8 * width;
    return (lots + 16 * 64) * static_cast<int64_t>(sizeof(T));
  }
  Right<T> across(Scratch& s, const T* x) const {  // x^T [e, m]
    return panels(s.take<T>(e * keys), x, e, m, 1, e);
  }
  Right<T> along(Scratch& s, const T* x) const {  // x [m, e]
    return panels(s.take<T>(m * heads), x, m, e, e, 1);
  }
};

// Rows first .. first + count of x as [kTile, heads], zeros behind them.
template <class T>
inline void fetch(T* tile, Rows<const T> x, int64_t first, int64_t count, const Sizes<T>& z) {
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(tile + i * z.heads, x.data + (first + i) * x.stride,
                static_cast<size_t>(z.e) * sizeof(T));
  if (count < kTile)
    std::memset(static_cast<void*>(tile + count * z.heads), 0,
                static_cast<size_t>((kTile - count) * z.heads) * sizeof(T));
}

template <class T>
inline void put(Rows<T> x, int64_t first, int64_t count, const T* tile, const Sizes<T>& z) {
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(x.data + (first + i) * x.stride, tile + i * z.heads,
                static_cast<size_t>(z.e) * sizeof(T));
}

template <class T>
inline void add_rows(T* to, const T* sums, const Sizes<T>& z) {
  for (int64_t i = 0; i < z.m; ++i)
    for (int64_t j = 0; j < z.e; ++j) to[i * z.e + j] += sums[i * z.heads + j];
}

// What is added to the scores of each key: padded columns end as zeros.
template <class T>
inline T* key_terms(Scratch& s, const Sizes<T>& z, T first) {
  T* terms = s.take<T>(z.width);
  terms[0] = first;
  for (int64_t j = z.m; j < z.keys; ++j) terms[j] = T(-1e30);
  return terms;
}

// Scores of a row to exponentials; returns the logarithm of their sum, and its inverse.
template <class T>
inline T normalise(T* p, int64_t keys, T* inverse) {
  constexpr int W = kWidth<T>;
  Vector<T> most = load(p), total{};
  for (int64_t j = W; j < keys; j += W) most = larger<T>(most, load(p + j));
  const T top = largest<T>(most);
  for (int64_t j = 0; j < keys; j += W) {
    const Vector<T> x = exponential<T>(load(p + j) - top);
    store(p + j, x);
    total += x;
  }
  const T whole = sum<T>(total);
  *inverse = 1 / whole;
  return top + std::log(whole);
}

template <class T>
void few_keys(const FewKeys<T>& a, Rows<T> y, T* lse) {
  const Sizes<T> z(a.m, a.e);
  Scratch s(z.bytes());
  const Right<T> k = z.across(s, a.k), v = z.along(s, a.v);
  const T* terms = key_terms(s, z, a.first);
  T *q = s.take<T>(kTile * z.heads), *out = s.take<T>(kTile * z.heads),
    *p = s.take<T>(kTile * z.width);
  for (int64_t t = 0; t < a.n; t += kTile) {
    const int64_t count = a.n - t < kTile ? a.n - t : kTile, rows = up(count, kTileRows);
    fetch(q, a.q, t, count, z);
    product<Start::row>(rows, z.keys, z.e, Left<T>{q, z.heads, 1}, k, p, z.width, terms);
    T inverse[kTile];
    for (int64_t i = 0; i < count; ++i)
      lse[t + i] = normalise(p + i * z.width, z.keys, inverse + i);
    product<Start::zero>(rows, z.heads, z.m, Left<T>{p, z.width, 1}, v, out, z.heads);
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < z.heads; j += kWidth<T>)
        store(out + i * z.heads + j, load(out + i * z.heads + j) * inverse[i]);
    put(y, t, count, out, z);
  }
}

// p: scores, d: gradients of the weights; to weights and gradients of the scores.
template <class T>
inline void score_slopes(T* p, T* d, int64_t keys, T lse) {
  constexpr int W = kWidth<T>;
  Vector<T> total{};
  for (int64_t j = 0; j < keys; j += W) {
    const Vector<T> x = exponential<T>(load(p + j) - lse);
    store(p + j, x);
    total += x * load(d + j);
  }
  const T mean = sum<T>(total);
  for (int64_t j = 0; j < keys; j += W) store(d + j, load(p + j) * (load(d + j) - mean));
}

template <class T>
void few_keys_backward(const FewKeys<T>& a, const T* lse, Rows<const T> dy, Rows<T> dq, T* dk,
                       T* dv) {
  const Sizes<T> z(a.m, a.e);
  Scratch s(z.bytes());
  const Right<T> k = z.across(s, a.k), v = z.across(s, a.v), keys = z.along(s, a.k);
  const T* terms = key_terms(s, z, a.first);
  T *q = s.take<T>(kTile * z.heads), *g = s.take<T>(kTile * z.heads),
    *out = s.take<T>(kTile * z.heads), *p = s.take<T>(kTile * z.width),
    *d = s.take<T>(kTile * z.width), *dk_sum = s.take<T>(z.rows * z.heads),
    *dv_sum = s.take<T>(z.rows * z.heads);
  for (int64_t t = 0; t < a.n; t += kTile) {
    const int64_t count = a.n - t < kTile ? a.n - t : kTile, rows = up(count, kTileRows);
    fetch(q, a.q, t, count, z);
    fetch(g, dy, t, count, z);
    product<Start::row>(rows, z.keys, z.e, Left<T>{q, z.heads, 1}, k, p, z.width, terms);
    product<Start::zero>(rows, z.keys, z.e, Left<T>{g, z.heads, 1}, v, d, z.width);
    for (int64_t i = 0; i < count; ++i)
      score_slopes(p + i * z.width, d + i * z.width, z.keys, lse[t + i]);
    product<Start::zero>(rows, z.heads, z.m, Left<T>{d, z.width, 1}, keys, out, z.heads);
    put(dq, t, count, out, z);
    product<Start::sum>(z.rows, z.heads, count, Left<T>{d, 1, z.width}, as_it_lies(q, z.heads),
                        dk_sum, z.heads);
    product<Start::sum>(z.rows, z.heads, count, Left<T>{p, 1, z.width}, as_it_lies(g, z.heads),
                        dv_sum, z.heads);
  }
  add_rows(dk, dk_sum, z);
  add_rows(dv, dv_sum, z);
}

// Largest scores and sums of exponentials so far, by query (a column of the scores).
template <class T>
struct Running {
  T *top, *sum, *shrink;
};

// Scores of `count` rows to exponentials under new largest scores; earlier sums shrink by `shrink`.
// Returns whether a largest score moved.
template <class T>
inline bool advance(T* p, int64_t count, const Sizes<T>& z, const Running<T>& so_far) {
  bool moved = false;
  for (int64_t j = 0; j < z.keys; j += kWidth<T>) {
    const Vector<T> before = load(so_far.top + j);
    Vector<T> top = before;
    for (int64_t i = 0; i < count; ++i) top = larger<T>(load(p + i * z.width + j), top);
    const Vector<T> shrink = exponential<T>(before - top);
    Vector<T> total = load(so_far.sum + j) * shrink;
    for (int64_t i = 0; i < count; ++i) {
      const Vector<T> x = exponential<T>(load(p + i * z.width + j) - top);
      store(p + i * z.width + j, x);
      total += x;
    }
    store(so_far.top + j, top);
    store(so_far.sum + j, total);
    store(so_far.shrink + j, shrink);
    for (int i = 0; i < kWidth<T>; ++i) moved = moved || before[i] != top[i];
  }
  return moved;
}

template <class T>
void many_keys(const ManyKeys<T>& a, T* y, T* lse) {
  const Sizes<T> z(a.m, a.e);
  Scratch s(z.bytes());
  const Right<T> q = z.across(s, a.q);
  T *k = s.take<T>(kTile * z.heads), *v = s.take<T>(kTile * z.heads),
    *p = s.take<T>(kTile * z.width), *out = s.take<T>(z.rows * z.heads);
  const Running<T> so_far{s.take<T>(z.width), s.take<T>(z.width), s.take<T>(z.width)};
  for (int64_t j = 0; j < z.keys; ++j) {  // zero keys have the score 0
    so_far.top[j] = a.zeros ? 0 : T(-1e30);
    so_far.sum[j] = static_cast<T>(a.zeros);
  }
  for (int64_t t = 0; t < a.n; t += kTile) {
    const int64_t count = a.n - t < kTile ? a.n - t : kTile, rows = up(count, kTileRows);
    fetch(k, a.k, t, count, z);
    fetch(v, a.v, t, count, z);
    product<Start::zero>(rows, z.keys, z.e, Left<T>{k, z.heads, 1}, q, p, z.width);
    if (advance(p, count, z, so_far)) {
      for (int64_t i = 0; i < z.m; ++i)
        for (int64_t j = 0; j < z.heads; j += kWidth<T>)
          store(out + i * z.heads + j, load(out + i * z.heads + j) * so_far.shrink[i]);
    }
    product<Start::sum>(z.rows, z.heads, count, Left<T>{p, 1, z.width}, as_it_lies(v, z.heads), out,
                        z.heads);
  }
  for (int64_t i = 0; i < z.m; ++i) {
    lse[i] = so_far.top[i] + std::log(so_far.sum[i]);
    for (int64_t j = 0; j < z.e; ++j) y[i * z.e + j] = out[i * z.heads + j] / so_far.sum[i];
  }
}

template <class T>
void many_keys_backward(const ManyKeys<T>& a, const T* y, const T* lse, const T* dy, T* dq,
                        Rows<T> dk, Rows<T> dv) {
  const Sizes<T> z(a.m, a.e);
  Scratch s(z.bytes());
  const Right<T> q = z.across(s, a.q), g = z.across(s, dy), queries = z.along(s, a.q),
                 slopes = z.along(s, dy);
  T *k = s.take<T>(kTile * z.heads), *v = s.take<T>(kTile * z.heads),
    *out = s.take<T>(kTile * z.heads), *p = s.take<T>(kTile * z.width),
    *d = s.take<T>(kTile * z.width), *dq_sum = s.take<T>(z.rows * z.heads),
    *level = s.take<T>(z.width), *mean = s.take<T>(z.width);
  for (int64_t j = 0; j < z.keys; ++j) level[j] = j < z.m ? lse[j] : T(1e30);
  for (int64_t i = 0; i < z.m; ++i)
    for (int64_t j = 0; j < z.e; ++j) mean[i] += y[i * z.e + j] * dy[i * z.e + j];
  for (int64_t t = 0; t < a.n; t += kTile) {
    const int64_t count = a.n - t < kTile ? a.n - t : kTile, rows = up(count, kTileRows);
    fetch(k, a.k, t, count, z);
    fetch(v, a.v, t, count, z);
    product<Start::zero>(rows, z.keys, z.e, Left<T>{k, z.heads, 1}, q, p, z.width);
    product<Start::zero>(rows, z.keys, z.e, Left<T>{v, z.heads, 1}, g, d, z.width);
    for (int64_t i = 0; i < count; ++i) {
      T *weight = p + i * z.width, *slope = d + i * z.width;
      for (int64_t j = 0; j < z.keys; j += kWidth<T>) {
        const Vector<T> x = exponential<T>(load(weight + j) - load(level + j));
        store(weight + j, x);
        store(slope + j, x * (load(slope + j) - load(mean + j)));
      }
    }
    product<Start::zero>(rows, z.heads, z.m, Left<T>{d, z.width, 1}, queries, out, z.heads);
    put(dk, t, count, out, z);
    product<Start::zero>(rows, z.heads, z.m, Left<T>{p, z.width, 1}, slopes, out, z.heads);
    put(dv, t, count, out, z);
    product<Start::sum>(z.rows, z.heads, count, Left<T>{d, 1, z.width}, as_it_lies(k, z.heads),
                        dq_sum, z.heads);
  }
  add_rows(dq, dq_sum, z);
}

}  // namespace tractrix::kernels::TRACTRIX_LEVEL
