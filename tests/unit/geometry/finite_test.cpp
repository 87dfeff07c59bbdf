// No value and no gradient that is not finite, in 10^6 random draws: coincident and nearly
// coincident points, the origin, the boundary, opposite and collinear points, curvatures 1e-6 to
// 1e2, both types, radii up to the limits of docs/geometry.md.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tractrix/geometry/cone.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/midpoint.hpp"
#include "tractrix/geometry/models.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/geometry/tangent.hpp"

namespace tractrix::geometry {
namespace {

constexpr int64_t kDraws = 6750, kRounds = 4, kWidth = 3;

struct Draw {
  at::Tensor u, v, w, c;  // [N, D] in Lorentz scaling, curvature per row [N]
};

// A tenth of the rows each: the origin, coincident, 1e-12 apart, twice as far out on the same ray,
// opposite; the rest is free. s|u| from 1e-9 to the limit.
Draw draw(at::ScalarType type, double limit) {
  const auto wide = torch::kDouble;
  const auto c = torch::pow(10, torch::rand({kDraws}, wide) * 8 - 6), s = c.sqrt().unsqueeze(1);
  const auto vectors = [&] {
    const auto direction = torch::nn::functional::normalize(torch::randn({kDraws, kWidth}, wide));
    const auto exponent = torch::rand({kDraws, 1}, wide) * (std::log10(limit) + 9) - 9;
    return direction * torch::pow(10, exponent) / s;
  };
  const auto u = vectors(), w = vectors();
  auto v = vectors();
  const auto kind = torch::randint(10, {kDraws, 1});
  v = torch::where(kind == 0, torch::zeros_like(v), v);
  v = torch::where(kind == 1, u, v);
  v = torch::where(kind == 2, u * (1 + 1e-12), v);
  v = torch::where(kind == 3, u / 2, v);
  v = torch::where(kind == 4, -u, v);
  const auto first = torch::where(kind == 5, torch::zeros_like(u), u);
  return {first.to(type), v.to(type), w.to(type), c.to(type)};
}

using Operation = std::function<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                           const at::Tensor&)>;

// Counts values and gradients that are not finite.
int64_t not_finite(const Operation& operation, const Draw& d, std::string_view name) {
  std::vector<at::Tensor> leaves;
  for (const auto& x : {d.u, d.v, d.w, d.c})
    leaves.push_back(x.detach().clone().requires_grad_(true));
  const auto out = operation(leaves[0], leaves[1], leaves[2], leaves[3]);
  // Near the largest number of the type a sum over rows would overflow on its own.
  const auto grads = torch::autograd::grad({out}, leaves, {torch::ones_like(out)}, {}, false, true);
  int64_t bad = 0;
  const auto look = [&](const at::Tensor& x, const char* what) {
    const auto rows = torch::isfinite(x).reshape({x.size(0), -1}).all(1).logical_not();
    const int64_t count = rows.sum().item<int64_t>();
    if (count > 0 && bad == 0) {
      const int64_t row = rows.to(torch::kLong).argmax().item<int64_t>();
      ADD_FAILURE() << name << ' ' << what << ": " << count << " rows, one with u "
                    << d.u[row].unsqueeze(0) << " v " << d.v[row].unsqueeze(0) << " w "
                    << d.w[row].unsqueeze(0) << " c " << d.c[row].item<double>();
    }
    bad += count;
  };
  look(out.detach(), "value");
  for (const auto& gradient : grads)
    if (gradient.defined()) look(gradient, "gradient");
  return bad;
}

using Named = std::pair<const char*, Operation>;

std::vector<Named> tangent_operations() {
  return {
      {"distance", [](auto& u, auto& v, auto&, auto& c) { return tangent::distance(u, v, c); }},
      {"angle", [](auto& u, auto& v, auto&, auto& c) { return tangent::exterior_angle(u, v, c); }},
      {"aperture", [](auto& u, auto&, auto&, auto& c) { return tangent::half_aperture(u, c); }},
      {"margin", [](auto& u, auto& v, auto&, auto& c) { return tangent_cone_margin(u, v, c); }}};
}

std::vector<Named> lorentz_operations() {
  return {
      {"exp0, log0",
       [](auto& u, auto&, auto&, auto& c) { return lorentz::log0(lorentz::exp0(u, c), c); }},
      {"distance",
       [](auto& u, auto& v, auto&, auto& c) {
         return lorentz::distance(lorentz::exp0(u, c), lorentz::exp0(v, c), c);
       }},
      {"log", [](auto& u, auto& v, auto&,
                 auto& c) { return lorentz::log(lorentz::exp0(u, c), lorentz::exp0(v, c), c); }},
      {"exp",
       [](auto& u, auto&, auto& w, auto& c) {
         const auto x = lorentz::exp0(u, c);
         return lorentz::exp(x, lorentz::transport0(x, w, c), c);
       }},
      {"transport",
       [](auto& u, auto& v, auto& w, auto& c) {
         return lorentz::transport(lorentz::exp0(u, c), lorentz::exp0(v, c), w, c);
       }},
      {"margin",
       [](auto& u, auto& v, auto&, auto& c) {
         return lorentz_cone_margin(lorentz::exp0(u, c), lorentz::exp0(v, c), c);
       }},
      {"models",
       [](auto& u, auto&, auto&, auto& c) {
         const auto x = lorentz::exp0(u, c);
         return klein_to_poincare(lorentz_to_klein(x, c), c) + lorentz_to_poincare(x, c);
       }},
  };
}

// Ball points out of tangent vectors in Lorentz scaling.
at::Tensor ball(const at::Tensor& u, const at::Tensor& c) { return poincare::exp0(u / 2, c); }

std::vector<Named> poincare_operations() {
  return {
      {"log0", [](auto& u, auto&, auto&, auto& c) { return poincare::log0(ball(u, c), c); }},
      {"distance", [](auto& u, auto& v, auto&,
                      auto& c) { return poincare::distance(ball(u, c), ball(v, c), c); }},
      {"log",
       [](auto& u, auto& v, auto&, auto& c) { return poincare::log(ball(u, c), ball(v, c), c); }},
      {"exp",
       [](auto& u, auto&, auto& w, auto& c) {
         const auto x = ball(u, c);
         return poincare::exp(x, poincare::transport0(x, w / 2, c), c);
       }},
      {"mobius_add", [](auto& u, auto& v, auto&,
                        auto& c) { return poincare::mobius_add(ball(u, c), ball(v, c), c); }},
      {"mobius_scalar",
       [](auto& u, auto&, auto& w, auto& c) {
         return poincare::mobius_scalar(w.select(1, 0), ball(u, c), c);
       }},
      {"transport", [](auto& u, auto& v, auto& w,
                       auto& c) { return poincare::transport(ball(u, c), ball(v, c), w, c); }},
      {"project, conformal",
       [](auto& u, auto&, auto&, auto& c) {
         return poincare::conformal(poincare::project(ball(u, c), c), c);
       }},
      {"aperture",
       [](auto& u, auto&, auto&, auto& c) { return poincare::half_aperture(ball(u, c), c); }},
  };
}

void expect_finite(const std::vector<Named>& operations, double limit_f64, double limit_f32) {
  torch::manual_seed(17);
  for (int64_t round = 0; round < kRounds; ++round) {
    const Draw wide = draw(torch::kDouble, limit_f64), narrow = draw(torch::kFloat, limit_f32);
    for (const auto& [name, operation] : operations) {
      EXPECT_EQ(not_finite(operation, wide, name), 0) << name;
      EXPECT_EQ(not_finite(operation, narrow, name), 0) << name;
    }
  }
}

// 4 + 7 + 9 operations on 4 x 2 x 6,750 rows: small enough for the cache.
TEST(Finite, TangentVectors) { expect_finite(tangent_operations(), 300, 300); }
TEST(Finite, Hyperboloid) { expect_finite(lorentz_operations(), 20, 10); }
TEST(Finite, Ball) { expect_finite(poincare_operations(), 34, 15); }

// Beyond the boundary, on it and at the origin, exactly.
TEST(Finite, BallAtExactPlaces) {
  for (auto type : {torch::kFloat, torch::kDouble}) {
    const auto rows =
        torch::tensor({{1., 0., 0.}, {0., 0., 0.}, {2., 0., 0.}, {-1., 0., 0.}}, type);
    const auto c = torch::ones({4}, type);
    const Draw d{rows, rows.roll(1, 0), torch::full({4, 3}, .5, type), c};
    for (const auto& [name, operation] : std::vector<Named>{
             {"log0", [](auto&x, auto&, auto&, auto&k) { return poincare::log0(x, k); }},
             {"distance",
              [](auto&x, auto&y, auto&, auto&k) { return poincare::distance(x, y, k); }},
             {"log", [](auto&x, auto&y, auto&, auto&k) { return poincare::log(x, y, k); }},
             {"exp", [](auto&x, auto&, auto&v, auto&k) { return poincare::exp(x, v, k); }},
             {"add", [](auto&x, auto&y, auto&, auto&k) { return poincare::mobius_add(x, y, k); }},
             {"lorentz", [](auto&x, auto&, auto&, auto&k) { return poincare_to_lorentz(x, k); }},
             {"klein", [](auto&x, auto&, auto&, auto&k) { return klein_to_lorentz(x, k); }}})
      EXPECT_EQ(not_finite(operation, d, name), 0) << name;
  }
}

TEST(Finite, MidpointOfCoincidentPointsAndTheOrigin) {
  for (auto type : {torch::kFloat, torch::kDouble}) {
    auto x = torch::zeros({3, 4, 3}, type);
    x[1] += .5;
    x[2][0].fill_(3);
    x.requires_grad_(true);
    const auto w = torch::ones({3, 4}, type).requires_grad_(true);
    const auto c = torch::ones({}, type).requires_grad_(true);
    const auto m = lorentz_centroid(x, w, c);
    EXPECT_TRUE(torch::isfinite(m).all().item<bool>());
    for (const auto& gradient : torch::autograd::grad({m.sum()}, {x, w, c}))
      EXPECT_TRUE(torch::isfinite(gradient).all().item<bool>());
  }
}

}  // namespace
}  // namespace tractrix::geometry
