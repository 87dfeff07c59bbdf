// Golden cases computed in multi-precision arithmetic (tests/goldens/hyperbolic/mp_*): rows of
// independent inputs, values and gradients with the sensitivity `amp` of each to a relative
// perturbation of the inputs. An error is measured in units of u (amp + |value|), u = 2^-53 or
// 2^-24: a stable implementation stays within a few tens.
#pragma once

#include <limits>
#include <sstream>
#include <string>

#include "support/golden.hpp"
#include "support/paths.hpp"

namespace tractrix::test {

class ExactCase {
 public:
  explicit ExactCase(const std::string& name, at::ScalarType type = at::kDouble)
      : golden_(Golden::read(std::filesystem::path(testing::goldens_folder()) / "hyperbolic" /
                             (name + ".json"))),
        type_(type) {}

  // in/NAME as a leaf.
  at::Tensor operator()(const std::string& input) {
    const std::string key = "in/" + input;
    if (const at::Tensor* leaf = leaves_.find(key)) return *leaf;
    return leaves_[key] = golden_.value(key).to(type_).requires_grad_(true);
  }
  double parameter(const char* name) const { return golden_.json().at("params").at(name); }

  // The worst error of a group of tensors, and where it is; infinite if a number is not finite.
  struct Worst {
    double size = 0;
    std::string where = {};
  };
  Worst outputs(const Tensors& out) const {
    Worst worst;
    for (const auto& [name, value] : out) grade("out/" + name, value.detach(), usable(), worst);
    return worst;
  }
  Worst gradients(const Tensors& out) const;

 private:
  double unit() const { return type_ == at::kDouble ? 0x1p-53 : 0x1p-24; }
  // Rows that this type can represent.
  at::Tensor usable() const {
    const at::Tensor exact = golden_.value("row/f32_exact") != 0;
    return type_ == at::kDouble ? at::ones_like(exact) : exact;
  }
  void grade(const std::string& key, const at::Tensor& actual, const at::Tensor& rows,
             Worst& worst) const;
  at::Tensor floor(const std::string& key) const;

  Golden golden_;
  at::ScalarType type_;
  Tensors leaves_;
};

// The gradient by c cancels to order (radius)^2 near the origin: it is allowed u |out| / c more.
inline at::Tensor ExactCase::floor(const std::string& key) const {
  if (key != "grad/in/c") return {};
  at::Tensor size = at::zeros_like(golden_.value("in/c"));
  for (const auto& name : golden_.json().at("objective_over")) {
    const at::Tensor out = golden_.value("out/" + name.get<std::string>()).abs();
    size = size + out.reshape({out.size(0), -1}).sum(1);
  }
  return size / golden_.value("in/c");
}

inline void ExactCase::grade(const std::string& key, const at::Tensor& actual,
                             const at::Tensor& rows, Worst& worst) const {
  const at::Tensor want = golden_.value(key), have = actual.to(at::kDouble);
  at::Tensor size = golden_.value("amp/" + key) + want.abs();
  const at::Tensor extra = floor(key);
  if (extra.defined()) size = size + extra;
  at::Tensor off = (have - want).abs() / (unit() * size);
  off = at::where(have == want, 0, off);
  off = at::where(off.isfinite(), off, std::numeric_limits<double>::infinity());
  off = at::where(rows, off.reshape({want.size(0), -1}).amax(1), 0);
  const int64_t row = off.argmax().item<int64_t>();
  const double largest = off[row].item<double>();
  if (largest <= worst.size) return;
  std::ostringstream text;
  text << key << " of row " << golden_.json().at("rows").at(static_cast<size_t>(row)) << ": "
       << have[row].flatten().unsqueeze(0) << " expected " << want[row].flatten().unsqueeze(0);
  worst = {largest, text.str()};
}

inline ExactCase::Worst ExactCase::gradients(const Tensors& out) const {
  at::Tensor objective = at::zeros({}, at::kDouble);
  for (const auto& [name, value] : out)
    objective =
        objective + (value.to(at::kDouble) * fill("probe/out/" + name, value.sizes())).sum();
  std::vector<at::Tensor> leaves;
  for (const auto& item : leaves_) leaves.push_back(item.second);
  const auto found = torch::autograd::grad({objective}, leaves, {}, false, false, true);
  const at::Tensor rows = usable().logical_and(golden_.value("row/grad_defined") != 0);
  Worst worst;
  size_t i = 0;
  for (const auto& [key, leaf] : leaves_) {
    const at::Tensor& gradient = found[i++];
    if (!golden_.has("grad/" + key)) continue;
    if (!gradient.defined()) return {std::numeric_limits<double>::infinity(), key + " unreached"};
    if (type_ == at::kDouble && !gradient.isfinite().all().item<bool>())
      return {std::numeric_limits<double>::infinity(), key + " not finite"};
    grade("grad/" + key, gradient, rows, worst);
  }
  return worst;
}

}  // namespace tractrix::test
