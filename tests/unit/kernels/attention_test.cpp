// Every instruction set of this processor against plain loops in double.
#include "tractrix/kernels/attention.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <tuple>
#include <vector>

namespace tractrix::kernels {
namespace attention_test {

// Values that float holds exactly, so that both types see the same problem.
template <class T>
std::vector<T> drawn(int64_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<T> out(count);
  for (auto& x : out) x = normal(engine);
  return out;
}

// Relative to the largest entry.
template <class T>
void expect_near(const std::vector<double>& want, const std::vector<T>& have, const char* what) {
  ASSERT_EQ(want.size(), have.size()) << what;
  double size = 1e-30;
  for (const double x : want) size = std::max(size, std::abs(x));
  const double bound = size * (sizeof(T) == sizeof(float) ? 2e-5 : 1e-13);
  for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(want[i], have[i], bound) << what << " " << i;
}

// Attention of m queries over n keys and its gradients, where key 0 counts `weight` times and
// `zeros` keys and values are zero.
struct Plain {
  std::vector<double> y, dq, dk, dv;

  template <class T>
  Plain(int64_t queries, int64_t keys, int64_t e, const std::vector<T>& q, const std::vector<T>& k,
        const std::vector<T>& v, const std::vector<T>& dy, double weight, double zeros)
      : y(queries * e), dq(queries * e), dk(keys * e), dv(keys * e) {
    for (int64_t i = 0; i < queries; ++i) {
      std::vector<double> p(keys), d(keys);
      double top = zeros > 0 ? 0 : -1e300;
      for (int64_t j = 0; j < keys; ++j) {
        p[j] = j == 0 ? std::log(weight) : 0;
        for (int64_t c = 0; c < e; ++c) p[j] += double(q[i * e + c]) * k[j * e + c];
        top = std::max(top, p[j]);
      }
      double whole = zeros * std::exp(-top), mean = 0;
      for (auto& x : p) whole += x = std::exp(x - top);
      for (int64_t j = 0; j < keys; ++j) {
        p[j] /= whole;
        for (int64_t c = 0; c < e; ++c) {
          y[i * e + c] += p[j] * v[j * e + c];
          d[j] += double(dy[i * e + c]) * v[j * e + c];
          dv[j * e + c] += p[j] * dy[i * e + c];
        }
        mean += p[j] * d[j];
      }
      for (int64_t j = 0; j < keys; ++j)
        for (int64_t c = 0; c < e; ++c) {
          dq[i * e + c] += p[j] * (d[j] - mean) * k[j * e + c];
          dk[j * e + c] += p[j] * (d[j] - mean) * q[i * e + c];
        }
    }
  }
};

class Kernels : public testing::TestWithParam<Level> {
 protected:
  void SetUp() override { ASSERT_TRUE(choose(GetParam())); }
  void TearDown() override { choose(before_); }

 private:
  Level before_ = level();
};

template <class T>
void check_few(int64_t n, int64_t m, int64_t e, int64_t gap, double weight) {
  const auto q = drawn<T>(n * e, 1), k = drawn<T>(m * e, 2), v = drawn<T>(m * e, 3),
             dy = drawn<T>(n * e, 4);
  const Plain want(n, m, e, q, k, v, dy, weight, 0);
  const int64_t stride = e + gap;
  std::vector<T> wide(n * stride), slopes(n * stride), y(n * stride), dq(n * stride), lse(n),
      dk(m * e), dv(m * e);
  for (int64_t i = 0; i < n; ++i) {
    std::copy_n(&q[i * e], e, &wide[i * stride]);
    std::copy_n(&dy[i * e], e, &slopes[i * stride]);
  }
  const FewKeys<T> a{n, m, e, {wide.data(), stride}, k.data(), v.data(), T(std::log(weight))};
  few_keys<T>(a, {y.data(), stride}, lse.data());
  few_keys_backward<T>(a, lse.data(), {slopes.data(), stride}, {dq.data(), stride}, dk.data(),
                       dv.data());
  const auto narrow = [&](const std::vector<T>& x) {
    std::vector<T> out;
    for (int64_t i = 0; i < n; ++i)
      out.insert(out.end(), x.begin() + i * stride, x.begin() + i * stride + e);
    return out;
  };
  expect_near(want.y, narrow(y), "y");
  expect_near(want.dq, narrow(dq), "dq");
  expect_near(want.dk, dk, "dk");
  expect_near(want.dv, dv, "dv");
}

template <class T>
void check_many(int64_t n, int64_t m, int64_t e, int64_t zeros) {
  const auto q = drawn<T>(m * e, 1), k = drawn<T>(n * e, 2), v = drawn<T>(n * e, 3),
             dy = drawn<T>(m * e, 4);
  const Plain want(m, n, e, q, k, v, dy, 1, static_cast<double>(zeros));
  std::vector<T> y(m * e), lse(m), dq(m * e), dk(n * e), dv(n * e);
  const ManyKeys<T> a{n, m, e, q.data(), {k.data(), e}, {v.data(), e}, zeros};
  many_keys<T>(a, y.data(), lse.data());
  many_keys_backward<T>(a, y.data(), lse.data(), dy.data(), dq.data(), {dk.data(), e},
                        {dv.data(), e});
  expect_near(want.y, y, "y");
  expect_near(want.dq, dq, "dq");
  expect_near(want.dk, dk, "dk");
  expect_near(want.dv, dv, "dv");
}

// Around the sizes of tiles and vectors, and those of the published layers.
const std::vector<std::tuple<int64_t, int64_t, int64_t>> kShapes{
    {1, 1, 1}, {2, 3, 7}, {47, 13, 8}, {48, 16, 16}, {49, 17, 33}, {100, 129, 64}, {300, 128, 32}};

TEST_P(Kernels, AttendToFewKeys) {
  for (const auto& [n, m, e] : kShapes) {
    SCOPED_TRACE(n);
    check_few<float>(n, m, e, 0, 1);
    check_few<double>(n, m, e, 5, 1);
    check_few<double>(n, m, e, 0, 255);
  }
}

TEST_P(Kernels, AttendToManyKeys) {
  for (const auto& [n, m, e] : kShapes) {
    SCOPED_TRACE(n);
    check_many<float>(n, m, e, 0);
    check_many<double>(n, m, e, 0);
    check_many<double>(n, m, e, 100);
  }
}

TEST_P(Kernels, HugeScoresStayFinite) {
  const std::vector<float> q{1e4F, -1e4F, 0}, k{1e4F, -1e4F}, v{1, 2};
  std::vector<float> y(3), lse(3), many(2), sums(2);
  few_keys<float>({3, 2, 1, {q.data(), 1}, k.data(), v.data(), 0}, {y.data(), 1}, lse.data());
  EXPECT_EQ(y, (std::vector<float>{1, 2, 1.5F}));
  many_keys<float>({3, 2, 1, k.data(), {q.data(), 1}, {q.data(), 1}, 4}, many.data(), sums.data());
  EXPECT_EQ(many, (std::vector<float>{1e4F, -1e4F}));
}

TEST_P(Kernels, ANaNIsSeen) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> rows(100, 0.5F), y(100), lse(100), few{1, 2}, out(2), sums(2);
  rows[70] = none;
  few_keys<float>({100, 2, 1, {rows.data(), 1}, few.data(), few.data(), 0}, {y.data(), 1},
                  lse.data());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(std::isnan(y[i]), i == 70) << i;
  many_keys<float>({100, 2, 1, few.data(), {rows.data(), 1}, {rows.data(), 1}, 0}, out.data(),
                   sums.data());
  EXPECT_TRUE(std::isnan(out[0]) && std::isnan(out[1]));
}

template <class T>
void check_row_filter(int64_t n, int64_t e, int64_t taps) {
  const auto x = drawn<T>(n * e, 1), w = drawn<T>(taps, 2), dy = drawn<T>(n * e, 3);
  std::vector<T> y(n * e), dx(n * e), dw(taps);
  const RowFilter<T> f{n, e, taps, w.data()};
  filter_rows<T>(f, {x.data(), e}, {y.data(), e});
  filter_rows_backward<T>(f, {x.data(), e}, {dy.data(), e}, {dx.data(), e}, dw.data());
  std::vector<double> want_y(n * e), want_dx(n * e), want_dw(taps);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t t = 0; t < taps; ++t) {
      const int64_t from = i + t - taps / 2;
      if (from < 0 || from >= n) continue;
      for (int64_t c = 0; c < e; ++c) {
        want_y[i * e + c] += double(w[t]) * x[from * e + c];
        want_dx[from * e + c] += double(w[t]) * dy[i * e + c];
        want_dw[t] += double(dy[i * e + c]) * x[from * e + c];
      }
    }
  expect_near(want_y, y, "y");
  expect_near(want_dx, dx, "dx");
  expect_near(want_dw, dw, "dw");
}

TEST_P(Kernels, FilterRows) {
  for (const int64_t n : {1, 5, 16, 90}) {
    SCOPED_TRACE(n);
    check_row_filter<float>(n, 37, 33);
    check_row_filter<double>(n, 32, 33);
    check_row_filter<double>(n, 3, 5);
    check_row_filter<double>(n, 8, 1);
  }
}

template <class T>
void check_grid_filter(int64_t height, int64_t width, int64_t columns, int64_t size) {
  const int64_t n = height * width;
  const auto x = drawn<T>(n * columns, 1), w = drawn<T>(size * size * columns, 2),
             bias = drawn<T>(columns, 3), dy = drawn<T>(n * columns, 4);
  std::vector<T> y(n * columns), dx(n * columns), dw(size * size * columns), dbias(columns);
  const GridFilter<T> f{height, width, columns, size, w.data(), bias.data()};
  filter_grid<T>(f, {x.data(), columns}, {y.data(), columns}, 0, columns);
  filter_grid_backward<T>(f, {x.data(), columns}, {dy.data(), columns}, {dx.data(), columns},
                          dw.data(), dbias.data(), 0, columns);
  std::vector<double> want_y(y.size()), want_dx(y.size()), want_dw(dw.size()), want_bias(columns);
  for (int64_t i = 0; i < n * columns; ++i) {
    const int64_t c = i % columns, row = i / columns / width, column = i / columns % width;
    want_y[i] += bias[c];
    want_bias[c] += dy[i];
    for (int64_t k = 0; k < size * size; ++k) {
      const int64_t r = row + k / size - size / 2, s = column + k % size - size / 2;
      if (r < 0 || s < 0 || r >= height || s >= width) continue;
      const int64_t from = (r * width + s) * columns + c;
      want_y[i] += double(w[k * columns + c]) * x[from];
      want_dx[from] += double(w[k * columns + c]) * dy[i];
      want_dw[k * columns + c] += double(dy[i]) * x[from];
    }
  }
  expect_near(want_y, y, "y");
  expect_near(want_dx, dx, "dx");
  expect_near(want_dw, dw, "dw");
  expect_near(want_bias, dbias, "dbias");
}

TEST_P(Kernels, FilterAGrid) {
  check_grid_filter<float>(5, 9, 20, 7);
  check_grid_filter<double>(16, 30, 32, 7);
  check_grid_filter<double>(1, 1, 3, 7);
  check_grid_filter<double>(2, 40, 5, 5);
  check_grid_filter<double>(13, 12, 16, 9);
}

std::vector<Level> levels() {
  std::vector<Level> out;
  for (const Level level : {Level::base, Level::avx2, Level::avx512})
    if (supported(level)) out.push_back(level);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Levels, Kernels, testing::ValuesIn(levels()),
                         [](const auto& tried) { return name(tried.param); });

TEST(KernelLevels, TheChosenOneIsSupported) {
  EXPECT_TRUE(supported(Level::base));
  EXPECT_TRUE(supported(level()));
}

}  // namespace attention_test
}  // namespace tractrix::kernels
