// tractrix_bench geometry: all-pairs hyperbolic distances with gradients against the same formula
// out of tensor operations.
#include <ATen/ATen.h>

#include <string>

#include "bench.hpp"
#include "tractrix/geometry/pair_distance.hpp"

namespace tractrix::bench {
namespace {

struct PairSizes {
  int64_t rows = 128, columns = 20000, width = 256;
};

// Distances and the gradients to both sets of points and to the curvature.
std::function<void()> pair_turn(const PairSizes& sizes, at::ScalarType type,
                                geometry::PairForm form) {
  const auto options = at::TensorOptions(type);
  const at::Tensor u = at::randn({sizes.rows, sizes.width}, options).mul_(0.0625);
  const at::Tensor v = at::randn({sizes.columns, sizes.width}, options).mul_(0.0625);
  return [=] {
    const at::Tensor a = u.detach().requires_grad_(true), b = v.detach().requires_grad_(true);
    const at::Tensor c = at::ones({1}, options).requires_grad_(true);
    geometry::pair_distance(a, b, c, form).sum().backward();
  };
}

void run_pairs(const PairSizes& sizes, at::ScalarType type, const Options& options) {
  at::manual_seed(1);
  const auto ours = pair_turn(sizes, type, geometry::PairForm::kernel);
  const auto reference = pair_turn(sizes, type, geometry::PairForm::composed);
  auto j = line("geometry",
                "pair distances " + std::to_string(sizes.rows) + " x " +
                    std::to_string(sizes.columns) + " x " + std::to_string(sizes.width),
                alternate(ours, reference, options.rounds));
  j["dtype"] = type == at::kDouble ? "float64" : "float32";
  j["peak_bytes"] = observe(ours).peak_bytes;
  j["reference_peak_bytes"] = observe(reference).peak_bytes;
  print(j);
}

}  // namespace

void add_geometry(CLI::App& app, Options& options) {
  auto sizes = std::make_shared<PairSizes>();
  auto* verb = app.add_subcommand("geometry", "all-pairs hyperbolic distances with gradients");
  verb->add_option("--rows", sizes->rows, "points on one side")->check(CLI::PositiveNumber);
  verb->add_option("--columns", sizes->columns, "points on the other")->check(CLI::PositiveNumber);
  verb->add_option("--width", sizes->width, "dimensions")->check(CLI::PositiveNumber);
  verb->callback([=, &options] {
    for (const auto type : {at::kFloat, at::kDouble}) run_pairs(*sizes, type, options);
  });
}

}  // namespace tractrix::bench
