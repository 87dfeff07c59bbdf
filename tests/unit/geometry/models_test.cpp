// What must hold between the models, and midpoints.
#include "tractrix/geometry/models.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tractrix/core/error.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/midpoint.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/geometry/tangent.hpp"

namespace tractrix::geometry {
namespace {

at::Tensor number(double c) { return torch::full({}, c, torch::kDouble); }

at::Tensor points(std::initializer_list<std::initializer_list<double>> rows) {
  std::vector<at::Tensor> all;
  for (const auto& row : rows) all.push_back(torch::tensor(std::vector<double>(row), at::kDouble));
  return torch::stack(all);
}

at::Tensor weights(const std::vector<double>& w) { return torch::tensor(w, at::kDouble); }

void expect_close(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  EXPECT_LE((a - b).abs().max().item<double>(), tolerance) << a << "\nexpected\n" << b;
}

const std::initializer_list<double> kA{.25, .5, -.125}, kB{-.5, .25, .75}, kC{.125, -.625, .25},
    kF{-.96875, .125, 0};

// Values in 80-digit arithmetic.
TEST(Midpoint, KarcherMeanKnownValues) {
  const auto abc = points({kA, kB, kC});
  expect_close(poincare_karcher_mean(abc, weights({1, 1, 1}), number(1)),
               weights({-0.148427932565588, 0.0719788829092312, 0.318390129788432}), 1e-14);
  expect_close(poincare_karcher_mean(abc, weights({.5, .25, .25}), number(.5)),
               weights({0.000434452307763001, 0.136009853158797, 0.177935444996972}), 1e-14);
  expect_close(poincare_karcher_mean(points({kA, kF, kC}), weights({1, 1, 1}), number(1)),
               weights({-0.419315404723205, 0.0435390926752578, 0.0128104313943558}), 1e-14);
}

TEST(Midpoint, KarcherMeanOfTwoIsTheMidpoint) {
  const auto two = points({kA, kB});
  expect_close(poincare_karcher_mean(two, {}, number(.7)), gyromidpoint(two, {}, number(.7)),
               1e-14);
  expect_close(gyromidpoint(two, {}, number(.7)),
               poincare::geodesic(.5, two[0], two[1], number(.7)), 1e-14);
}

// The implicit derivative against central differences.
TEST(Midpoint, KarcherMeanGradient) {
  auto x = points({kA, kB, kC}), w = weights({.5, 1, 2});
  auto c = number(.8);
  const auto probe = weights({.3, -1, .7});
  std::vector<at::Tensor> inputs{x, w, c};
  for (auto& input : inputs) input.requires_grad_(true);
  auto value = [&] { return (lorentz_karcher_mean(x, w, c) * probe).sum(); };
  value().backward();
  torch::NoGradGuard no_grad;
  for (auto& input : inputs)
    for (int64_t i = 0; i < input.numel(); ++i) {
      auto element = input.view(-1)[i];
      const double start = element.item<double>(), step = 1e-5;
      element.fill_(start + step);
      const double above = value().item<double>();
      element.fill_(start - step);
      const double below = value().item<double>();
      element.fill_(start);
      EXPECT_NEAR(input.grad().view(-1)[i].item<double>(), (above - below) / (2 * step), 1e-9);
    }
}

TEST(Midpoint, KarcherMeanSaysWhenItDoesNotSettle) {
  EXPECT_THROW(lorentz_karcher_mean(points({kA, kB, kC}), {}, number(1), {.iterations = 3}), Error);
}

// The weighted midpoint formula of the ball, written out.
TEST(Midpoint, OnePointInThreeModels) {
  const auto p = points({kA, kF, kC}), w = weights({1, 2, .5});
  for (double curvature : {.1, .5, 1.0}) {
    const auto c = number(curvature), n = c * (p * p).sum(1, true), lambda = 2 / (1 - n);
    const auto a = (w.unsqueeze(1) * lambda * p).sum(0) / (w.unsqueeze(1) * (lambda - 1)).sum();
    const auto expected = a / (1 + (1 - c * a.dot(a)).sqrt());
    expect_close(gyromidpoint(p, w, c), expected, 1e-13);
    const auto k = poincare_to_klein(p, c);
    expect_close(klein_to_poincare(einstein_midpoint(k, w, c), c), expected, 1e-13);
  }
}

class Models : public ::testing::TestWithParam<double> {
 protected:
  void SetUp() override {
    torch::manual_seed(11);
    u = torch::randn({40, 5}, torch::kDouble);
    v = torch::randn({40, 5}, torch::kDouble);
    x = lorentz::exp0(u, c);
    y = lorentz::exp0(v, c);
    p = lorentz_to_poincare(x, c);
    q = lorentz_to_poincare(y, c);
  }
  at::Tensor c = number(GetParam()), u, v, x, y, p, q;
};

TEST_P(Models, MapsAreInverse) {
  expect_close(poincare_to_lorentz(p, c), x, 1e-10 * x.abs().max().item<double>());
  expect_close(klein_to_lorentz(lorentz_to_klein(x, c), c), x,
               1e-10 * x.abs().max().item<double>());
  expect_close(klein_to_poincare(poincare_to_klein(p, c), c), p, 1e-12);
  expect_close(poincare::exp0(u / 2, c), p, 1e-14);
  expect_close(lorentz::log0(x, c), u, 1e-13);
  expect_close(poincare::log0(p, c), u / 2, 1e-11);
}

TEST_P(Models, DistancesAgree) {
  const auto expected = tangent::distance(u, v, c);
  expect_close(lorentz::distance(x, y, c), expected, 1e-12);
  expect_close(poincare::distance(p, q, c), expected, 1e-11);
  const auto difference = poincare::mobius_add(-p, q, c), s = c.sqrt();
  expect_close(2 / s * (s * difference.norm(2, 1)).atanh(), expected, 1e-7);
}

TEST_P(Models, LogInvertsExpAndHasTheDistanceAsLength) {
  const auto w = lorentz::log(x, y, c), v0 = poincare::log(p, q, c);
  expect_close(lorentz::exp(x, w, c), y, 1e-9 * y.abs().max().item<double>());
  expect_close(poincare::exp(p, v0, c), q, 1e-11);
  const auto d = tangent::distance(u, v, c);
  expect_close(lorentz::length(x, w, c), d, 1e-11);
  expect_close(v0.norm(2, 1) * poincare::conformal(p, c), d, 1e-11);
}

// Transport is linear, keeps lengths, turns log_x(y) into -log_y(x) and is the identity at y = x.
TEST_P(Models, Transport) {
  const auto w = lorentz::log(x, y, c), back = -lorentz::log(y, x, c);
  const double size = 1 + back.abs().max().item<double>();
  expect_close(lorentz::transport(x, y, w, c), back, 1e-11 * size);
  expect_close(lorentz::transport(x, x, v, c), v, 1e-13);
  const auto moved = lorentz::transport(x, y, v, c);
  expect_close(lorentz::length(y, moved, c) / lorentz::length(x, v, c),
               torch::ones({40}, v.options()), 1e-9);
  const auto a = poincare::log(p, q, c);
  expect_close(poincare::transport(p, q, a, c), -poincare::log(q, p, c), 1e-11);
  const auto origin = torch::zeros_like(p);
  expect_close(poincare::transport(origin, q, v, c), poincare::transport0(q, v, c), 1e-14);
  expect_close(lorentz::transport(origin, y, v, c), lorentz::transport0(y, v, c), 1e-12 * size);
}

TEST_P(Models, Gyrovectors) {
  const auto xy = poincare::mobius_add(p, q, c);
  const auto gyrated = poincare::gyration(p, q, poincare::mobius_add(q, p, c), c);
  expect_close(gyrated, xy, 1e-11);  // gyrocommutative
  expect_close(poincare::mobius_add(-p, xy, c), q, 1e-11);
  const auto turned = poincare::gyration(p, -q, q, c);
  expect_close(poincare::mobius_coadd(p, q, c), poincare::mobius_add(p, turned, c), 1e-11);
  expect_close(poincare::mobius_scalar(number(2), p, c), poincare::mobius_add(p, p, c), 1e-13);
  expect_close(poincare::mobius_matvec(2 * torch::eye(5, torch::kDouble), p, c),
               poincare::mobius_add(p, p, c), 1e-13);
}

TEST_P(Models, TangentPart) {
  const auto ambient = torch::cat({v.narrow(1, 0, 1), u}, 1);
  const auto w = lorentz::project_tangent(x, ambient, c);
  const auto space = w.narrow(1, 1, 5);
  const double size = 1 + w.abs().max().item<double>();
  expect_close(lorentz::tangent_time(x, space, c), w.select(1, 0), 1e-12 * size);
  expect_close(lorentz::inner(x, x, c), (-1 / c).expand({40}), 1e-12 * size);
}

INSTANTIATE_TEST_SUITE_P(Curvatures, Models, ::testing::Values(1e-3, .1, 1., 2.5));

TEST(Tangent, ClipKeepsTheDirection) {
  const auto v = points({{3, 4, 0}, {.3, .4, 0}, {0, 0, 0}});
  expect_close(tangent::clip(v, number(4), 5), points({{1.5, 2, 0}, {.3, .4, 0}, {0, 0, 0}}),
               1e-15);
}

}  // namespace
}  // namespace tractrix::geometry
