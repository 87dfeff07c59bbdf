// Vectors of the instruction set a file is compiled for, on the compiler's vector extension.
// TRACTRIX_LEVEL names the namespace, so that no function compiled for one instruction set can be
// taken for another's by the linker; for the same reason nothing of std is used in here.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace tractrix::kernels::TRACTRIX_LEVEL {

#if defined(__AVX512F__)
constexpr int kBytes = 64, kTileRows = 12;  // 32 registers: 12 x 2 sums, 2 columns, 1 row
#elif defined(__AVX__)
constexpr int kBytes = 32, kTileRows = 6;  // 16 registers
#else
constexpr int kBytes = 16, kTileRows = 6;
#endif

template <class T>
struct Simd;

template <>
struct Simd<float> {
  using Scalar = float;
  using Integer = int32_t;
  typedef float Vector __attribute__((vector_size(kBytes)));
  typedef float Loose __attribute__((vector_size(kBytes), aligned(4), may_alias));
  typedef int32_t Bits __attribute__((vector_size(kBytes)));
  static constexpr float kLowest = -87, kLog2e = 1.44269504F, kRound = 12582912;  // 1.5 * 2^23
  static constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  static constexpr int kMantissa = 23, kBias = 127, kTerms = 8;
};

template <>
struct Simd<double> {
  using Scalar = double;
  using Integer = int64_t;
  typedef double Vector __attribute__((vector_size(kBytes)));
  typedef double Loose __attribute__((vector_size(kBytes), aligned(8), may_alias));
  typedef int64_t Bits __attribute__((vector_size(kBytes)));
  static constexpr double kLowest = -708, kLog2e = 1.4426950408889634,
                          kRound = 6755399441055744;  // 1.5 * 2^52
  static constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
  static constexpr int kMantissa = 52, kBias = 1023, kTerms = 14;
};

template <class T>
using Vector = typename Simd<T>::Vector;
template <class T>
constexpr int kWidth = kBytes / static_cast<int>(sizeof(T));
// Columns that a tile of a product has: two vectors.
template <class T>
constexpr int kColumns = 2 * kWidth<T>;

template <class T>
inline Vector<T> load(const T* p) {
  return *reinterpret_cast<const typename Simd<T>::Loose*>(p);
}
template <class T>
inline void store(T* p, Vector<T> v) {
  *reinterpret_cast<typename Simd<T>::Loose*>(p) = v;
}
template <class T>
inline Vector<T> all(T x) {
  return x - Vector<T>{};
}
template <class T>
inline Vector<T> larger(Vector<T> a, Vector<T> b) {
  return a > b ? a : b;
}
template <class T>
inline T largest(Vector<T> v) {
  T most = v[0];
  for (int i = 1; i < kWidth<T>; ++i) most = v[i] > most ? v[i] : most;
  return most;
}
template <class T>
inline T sum(Vector<T> v) {
  T total = 0;
  for (int i = 0; i < kWidth<T>; ++i) total += v[i];
  return total;
}

// e^x to about one unit in the last place, for x <= 0 (and a little above); what is below kLowest
// counts as kLowest: a tiny normal number instead of zero. x = n ln 2 + r, then the series of e^r.
template <class T>
inline Vector<T> exponential(Vector<T> x) {
  using S = Simd<T>;
  x = x < S::kLowest ? all<T>(S::kLowest) : x;  // a NaN stays
  const Vector<T> shifted = x * S::kLog2e + S::kRound, n = shifted - S::kRound;
  const Vector<T> r = (x - n * S::kLn2High) - n * S::kLn2Low;
  Vector<T> series = all<T>(1);
  for (int k = S::kTerms - 1; k > 0; --k) series = series * (r * (T(1) / T(k))) + T(1);
  const auto power =
      (reinterpret_cast<typename S::Bits>(shifted) -
       reinterpret_cast<typename S::Bits>(all<T>(S::kRound)) + typename S::Integer(S::kBias))
      << S::kMantissa;
  return series * reinterpret_cast<Vector<T>>(power);
}

}  // namespace tractrix::kernels::TRACTRIX_LEVEL
