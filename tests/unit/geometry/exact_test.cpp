// Every operation against multi-precision arithmetic, values and gradients, at extremes: tangent
// norms from 1e-8 to 40, coincident, collinear and antipodal points, curvatures 0.1, 1 and 4.
#include <gtest/gtest.h>

#include "support/exact_cases.hpp"
#include "tractrix/geometry/cone.hpp"
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
  // derivative does not: angles of close points, weights that outweigh the others, a softmax
  // near 1.
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

Tensors cone_margin(ExactCase& in) {
  const auto x = in("x"), c = in("c"), angle = lorentz::exterior_angle(x, in("y"), c);
  return {{"margin", angle - in("eta") * lorentz::half_aperture(x, c)}};
}

// Cross-entropy of pairs i, i against all [rows], by the tangent-polar distance.
at::Tensor contrast(const at::Tensor& a, const at::Tensor& b, const at::Tensor& tau,
                    const at::Tensor& c) {
  const auto d = lorentz::distance(a.unsqueeze(-2), b.unsqueeze(-3), c.reshape({-1, 1, 1}));
  const auto logits = -tau.reshape({-1, 1, 1}) * d;  // [rows, B, B]
  return (logits.logsumexp(-1) - logits.diagonal(0, -2, -1)).mean(-1);
}

at::Tensor hinge(const at::Tensor& parent, const at::Tensor& child, const at::Tensor& c,
                 double aperture) {
  const auto per_row = c.reshape({-1, 1});
  return lorentz_cone_margin(parent, child, per_row, {.aperture = aperture}).clamp_min(0).mean(-1);
}

Tensors loss_meru(ExactCase& in) {
  const auto image = in("image"), text = in("text"), tau = in("tau"), c = in("c");
  return {{"contrastive", (contrast(image, text, tau, c) + contrast(text, image, tau, c)) / 2},
          {"entailment", hinge(text, image, c, 1)}};
}

Tensors loss_hycoclip(ExactCase& in) {
  const auto image = in("image"), text = in("text"), tau = in("tau"), c = in("c");
  const auto box_image = in("box_image"), box_text = in("box_text");
  const auto whole = contrast(image, text, tau, c) + contrast(text, image, tau, c);
  const auto boxes = contrast(box_image, text, tau, c) + contrast(box_text, image, tau, c);
  const auto across = hinge(text, image, c, .7), box_across = hinge(box_text, box_image, c, .7);
  const auto in_image = hinge(box_image, image, c, 1.2), in_text = hinge(box_text, text, c, 1.2);
  return {{"contrastive", (whole + boxes) / 4},
          {"text_image", across},
          {"box_text_image", box_across},
          {"cross_image", in_image},
          {"cross_text", in_text},
          {"entailment", (across + box_across + in_image + in_text) / 2}};
}

std::vector<Bound> lorentz_cases() {
  const auto half_aperture = [](const at::Tensor& x, const at::Tensor& c) {
    return lorentz::half_aperture(x, c);
  };
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
      operation("mp_lorentz_ext_angle", "angle", lorentz::exterior_angle, "x", "y", 60),
      operation("mp_lorentz_half_aperture", "aper", +half_aperture, "x"),
      {"mp_lorentz_cone_margin", cone_margin, 60},
      {"mp_loss_meru", loss_meru, 200},
      {"mp_loss_hycoclip", loss_hycoclip, 4000},
      operation("mp_lorentz_proj_tangent", "w", lorentz::project_tangent, "x", "u"),
      {"mp_lorentz_centroid", [](auto& in) { return rows_of(in, lorentz_centroid); }, 400},
  };
}

std::vector<Bound> poincare_cases() {
  const auto project = [](const at::Tensor& x, const at::Tensor& c) {
    return poincare::project(x, c);
  };
  const auto half_aperture = [](const at::Tensor& x, const at::Tensor& c) {
    return poincare::half_aperture(x, c);
  };
  return {
      operation("mp_poincare_half_aperture", "aper", +half_aperture, "x"),
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
