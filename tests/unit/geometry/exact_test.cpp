// Every operation against multi-precision arithmetic, values and gradients, at extremes: tangent
// norms from 1e-8 to 40, coincident, collinear and antipodal points, curvatures 0.1, 1 and 4.
#include <gtest/gtest.h>

#include "support/exact_cases.hpp"
#include "tractrix/geometry/lorentz.hpp"
#include "tractrix/geometry/midpoint.hpp"
#include "tractrix/geometry/models.hpp"
#include "tractrix/geometry/poincare.hpp"
#include "tractrix/geometry/tangent.hpp"

namespace tractrix::geometry {
namespace {

using test::ExactCase;

struct Bound {
  const char* name;
  std::function<Tensors(ExactCase&)> run;
  // In units of u (amp + |value|). Wider where a library's reverse pass subtracts what the true
  // derivative does not: angles of close points, weights that outweigh the others.
  double gradients = 20, outputs = 5;
};

at::Tensor with_time(const at::Tensor& x, const at::Tensor& space, const at::Tensor& c) {
  return at::cat({lorentz::tangent_time(x, space, c).unsqueeze(-1), space}, -1);
}

Tensors tangent_pair(ExactCase& in) {
  const auto u = in("u"), v = in("v"), c = in("c");
  return {{"d", tangent::distance(u, v, c)},
          {"ext_u", tangent::exterior_angle(u, v, c)},
          {"ext_v", tangent::exterior_angle(v, u, c)},
          {"aper_u", tangent::half_aperture(u, c)},
          {"aper_v", tangent::half_aperture(v, c)}};
}

// One curvature per row, as many centroids.
Tensors rows_of(ExactCase& in,
                at::Tensor (*mean)(const at::Tensor&, const at::Tensor&, const at::Tensor&)) {
  std::vector<at::Tensor> rows;
  const auto x = in("X"), w = in("w"), c = in("c");
  for (int64_t i = 0; i < x.size(0); ++i) rows.push_back(mean(x[i], w[i], c[i]));
  return {{"m", at::stack(rows)}};
}

using One = at::Tensor (*)(const at::Tensor&, const at::Tensor&);
using Two = at::Tensor (*)(const at::Tensor&, const at::Tensor&, const at::Tensor&);

// Operations whose last argument is the curvature.
Bound operation(const char* name, const char* out, One f, const char* a) {
  return {name, [=](auto& in) { return Tensors{{out, f(in(a), in("c"))}}; }};
}
Bound operation(const char* name, const char* out, Two f, const char* a, const char* b,
                double gradients = 20) {
  return {name, [=](auto& in) { return Tensors{{out, f(in(a), in(b), in("c"))}}; }, gradients};
}

Tensors transport0(ExactCase& in) {
  const auto x = in("x"), c = in("c");
  return {{"w", with_time(x, lorentz::transport0(x, in("v"), c), c)}};
}

std::vector<Bound> lorentz_cases() {
  return {
      {"mp_tangent_pair", tangent_pair, 400},
      {"mp_tangent_pair_d17", tangent_pair},
      operation("mp_lorentz_exp0", "y", lorentz::exp0, "v"),
      operation("mp_lorentz_log0", "y", lorentz::log0, "x"),
      operation("mp_lorentz_time", "y", lorentz::time, "x"),
      operation("mp_lorentz_exp", "y", lorentz::exp, "x", "v"),
      operation("mp_lorentz_log", "v", lorentz::log, "x", "y", 200),
      operation("mp_lorentz_dist", "d", lorentz::distance, "x", "y"),
      {"mp_lorentz_transport0", transport0},
      operation("mp_lorentz_proj_tangent", "w", lorentz::project_tangent, "x", "u"),
      {"mp_lorentz_centroid", [](auto& in) { return rows_of(in, lorentz_centroid); }, 400},
  };
}

std::vector<Bound> poincare_cases() {
  const auto project = [](const at::Tensor& x, const at::Tensor& c) {
    return poincare::project(x, c);
  };
  return {
      {"mp_gyromidpoint", [](auto& in) { return rows_of(in, gyromidpoint); }, 400},
      operation("mp_poincare_exp0", "y", poincare::exp0, "v"),
      operation("mp_poincare_log0", "y", poincare::log0, "x"),
      operation("mp_poincare_exp", "y", poincare::exp, "x", "v"),
      operation("mp_poincare_log", "v", poincare::log, "x", "y"),
      operation("mp_poincare_dist", "d", poincare::distance, "x", "y"),
      operation("mp_mobius_add", "z", poincare::mobius_add, "x", "y", 100),
      operation("mp_mobius_scalar", "y", poincare::mobius_scalar, "r", "x"),
      operation("mp_mobius_matvec", "y", poincare::mobius_matvec, "M", "x"),
      operation("mp_poincare_transport0", "w", poincare::transport0, "x", "v"),
      operation("mp_poincare_project", "y", +project, "x"),
      operation("mp_poincare_conformal", "lam", poincare::conformal, "x"),
  };
}

std::vector<Bound> map_cases() {
  return {
      operation("mp_map_lorentz_to_poincare", "p", lorentz_to_poincare, "x"),
      operation("mp_map_lorentz_to_klein", "k", lorentz_to_klein, "x"),
      operation("mp_map_poincare_to_lorentz", "x", poincare_to_lorentz, "p"),
      operation("mp_map_poincare_to_klein", "k", poincare_to_klein, "p"),
      operation("mp_map_klein_to_lorentz", "x", klein_to_lorentz, "k"),
      operation("mp_map_klein_to_poincare", "p", klein_to_poincare, "k"),
  };
}

void expect_within(const std::vector<Bound>& cases) {
  for (const auto& bound : cases) {
    ExactCase in(bound.name);
    const Tensors out = bound.run(in);
    const auto value = in.outputs(out), slope = in.gradients(out);
    EXPECT_LE(value.size, bound.outputs) << bound.name << ": " << value.where;
    EXPECT_LE(slope.size, bound.gradients) << bound.name << ": " << slope.where;
  }
}

TEST(Exact, LorentzFloat64) { expect_within(lorentz_cases()); }
TEST(Exact, PoincareFloat64) { expect_within(poincare_cases()); }
TEST(Exact, MapsFloat64) { expect_within(map_cases()); }

}  // namespace
}  // namespace tractrix::geometry
