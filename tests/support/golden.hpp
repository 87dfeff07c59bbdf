// Golden cases: NAME.json + NAME.safetensors with the outputs and gradients of a published
// implementation. Weights and large inputs are not stored but filled by formula (FNV-1a and
// SplitMix64, as in Seed), so both sides compute them.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/seed.hpp"
#include "tractrix/tensor/safetensors_io.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::test {

// offset + scale * (2u - 1) with u the i-th number of the key's stream; double, row-major.
inline at::Tensor fill(std::string_view key, at::IntArrayRef shape, double scale = 1,
                       double offset = 0) {
  at::Tensor filled = at::empty(shape, at::kDouble);
  double* value = filled.data_ptr<double>();
  const uint64_t stream = Seed::hash(key);
  for (int64_t i = 0; i < filled.numel(); ++i) {
    const uint64_t z = Seed::mix(stream + Seed::kGolden * (static_cast<uint64_t>(i) + 1));
    value[i] = offset + scale * (2 * (static_cast<double>(z >> 11) * 0x1.0p-53) - 1);
  }
  return filled;
}

// |a - b| <= absolute + relative * |b|, elementwise.
struct Tolerance {
  double absolute = 1e-12, relative = 1e-10;
};

class Golden {
 public:
  static Golden read(const std::filesystem::path& json_file);

  const std::string& name() const { return name_; }
  // Empty when the case names none.
  std::string source_class() const { return source("class"); }
  std::string repository() const { return source("repository"); }
  const Json& json() const { return json_; }
  const Json& config() const { return json_.at("config"); }
  const Tensors& stored() const { return stored_; }

  bool has(const std::string& key) const {
    return json_.at("fill").contains(key) || stored_.has(key);
  }
  // Filled by formula or read from the file; a fresh tensor each time.
  at::Tensor value(const std::string& key) const;
  // in/NAME; a leaf of the gradient when the case stores one for it (the same tensor each time).
  at::Tensor input(const std::string& input_name);
  // Sets every parameter of the module to param/PREFIX+NAME (double) and makes it a leaf; throws on
  // a name or shape that differs.
  void load(torch::nn::Module& module, const std::string& prefix = "");

  // For a case whose source loses digits: say why where it is called.
  void tolerate(const Tolerance& tolerance) { tolerance_ = tolerance; }

  // Compares outputs by name, then gradients of the case's objective. One line per difference;
  // empty = passed. Outputs that the case stores and the caller leaves out are differences, too.
  std::vector<std::string> check(const Tensors& outputs);
  // One tensor against KEY, or against KEY#summary, #head and #tail of a large one.
  std::vector<std::string> compare(const std::string& key, const at::Tensor& actual) const;

 private:
  std::string source(const char* what) const {
    const Json from = json_.value("source", Json::object());
    if (from.is_string() && what == std::string_view("class")) return last_part(from);
    return from.is_object() && from.contains(what) ? from.at(what).get<std::string>() : "";
  }
  // "library version (where), file, class": what follows the last comma outside parentheses.
  static std::string last_part(const std::string& text) {
    size_t start = 0;
    int depth = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      depth += (text[i] == '(') - (text[i] == ')');
      if (depth == 0 && text[i] == ',') start = text.find_first_not_of(' ', i + 1);
    }
    return text.substr(std::min(start, text.size()));
  }
  void read_tolerance();
  void check_gradients(const Tensors& outputs, std::vector<std::string>& differences);
  std::vector<std::string> difference(const std::string& key, const at::Tensor& actual,
                                      const at::Tensor& expected) const;

  std::string name_;
  Json json_;
  Tensors stored_, leaves_;
  Tolerance tolerance_;
  std::vector<std::string> zero_sums_;  // keys whose #summary sum is zero up to rounding
};

inline Golden Golden::read(const std::filesystem::path& json_file) {
  Golden golden;
  golden.name_ = json_file.stem().string();
  golden.json_ = read_json(json_file);
  std::filesystem::path tensors = json_file;
  golden.stored_ = read_tensors(tensors.replace_extension(".safetensors"));
  golden.read_tolerance();
  return golden;
}

// A case may name its own tolerance in its notes: "|a-b| <= 1e-11 + 1e-09*|b|", "the sum in A, B is
// zero up to rounding".
inline void Golden::read_tolerance() {
  static const std::regex bound(R"(\|a-b\| <= ([0-9.e+-]+) \+ ([0-9.e+-]+)\*\|b\|)");
  static const std::regex key(R"([^\s,]+#summary)");
  for (const auto& note : json_.value("notes", Json::array())) {
    const std::string text = note.get<std::string>();
    std::smatch match;
    if (std::regex_search(text, match, bound))
      tolerance_ = {std::stod(match[1]), std::stod(match[2])};
    if (text.find("zero up to rounding") == std::string::npos) continue;
    for (std::sregex_iterator it(text.begin(), text.end(), key), end; it != end; ++it)
      zero_sums_.push_back(it->str());
  }
}

inline at::Tensor Golden::value(const std::string& key) const {
  if (const at::Tensor* tensor = stored_.find(key)) return tensor->clone();
  const Json& fills = json_.at("fill");
  if (!fills.contains(key)) throw Error(name_, "has no '" + key + "'");
  const Json& entry = fills.at(key);
  return fill(key, entry.at("shape").get<std::vector<int64_t>>(), entry.at("scale"),
              entry.at("offset"));
}

inline at::Tensor Golden::input(const std::string& input_name) {
  const std::string key = "in/" + input_name, grad = "grad/" + key;
  if (const at::Tensor* leaf = leaves_.find(key)) return *leaf;
  at::Tensor tensor = value(key);
  const Json& unreached = json_.value("no_grad_reaches", Json::array());
  const bool wanted = stored_.has(grad) || stored_.has(grad + "#summary") ||
                      std::find(unreached.begin(), unreached.end(), key) != unreached.end();
  if (!wanted) return tensor;
  return leaves_[key] = tensor.requires_grad_(true);
}

inline void Golden::load(torch::nn::Module& module, const std::string& prefix) {
  at::NoGradGuard no_grad;
  std::set<std::string> buffers;
  for (auto& item : module.named_parameters()) {
    const std::string key = "param/" + prefix + item.key();
    const at::Tensor weight = value(key);
    if (weight.sizes() != item.value().sizes())
      throw Error(name_, key + ": the shape differs from that of the case");
    item.value().set_data(weight);
    leaves_[key] = item.value();
  }
  for (auto& item : module.named_buffers()) {
    std::string key = "buffer/" + prefix + item.key();
    if (!has(key)) key = "param/" + prefix + item.key();  // the multimodal family's place for them
    if (!has(key)) continue;
    item.value().set_data(value(key).to(item.value().scalar_type()));
    buffers.insert(key);
  }
  for (const auto& [key, entry] : json_.at("fill").items())
    if (key.starts_with("param/" + prefix) && !leaves_.has(key) && !buffers.count(key))
      throw Error(name_, "the module lacks " + key);
}

inline std::vector<std::string> Golden::difference(const std::string& key, const at::Tensor& actual,
                                                   const at::Tensor& expected) const {
  at::Tensor have = actual.detach().to(at::kDouble).contiguous();
  const at::Tensor want = expected.to(at::kDouble).contiguous();
  if (have.dim() == 0 && want.numel() == 1) have = have.reshape({1});
  if (have.sizes() != want.sizes()) return {key + ": the shape differs"};
  const double* a = have.data_ptr<double>();
  const double* b = want.data_ptr<double>();
  const bool free_sum = std::find(zero_sums_.begin(), zero_sums_.end(), key) != zero_sums_.end();
  int64_t bad = 0, worst = 0;
  double excess = 0;
  for (int64_t i = 0; i < want.numel(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (a[i] == b[i]) continue;
    double allowed = tolerance_.absolute + tolerance_.relative * std::abs(b[i]);
    if (free_sum && i == 0) allowed = std::max(allowed, 1e-12 * std::abs(b[1]));
    const double over = std::abs(a[i] - b[i]) / allowed;
    if (over <= 1) continue;
    ++bad;
    if (!(over <= excess)) excess = over, worst = i;
  }
  if (bad == 0) return {};
  char text[160];
  std::snprintf(text, sizeof text,
                ": %lld of %lld differ; [%lld] is %.15g, expected %.15g (%.2g times the tolerance)",
                static_cast<long long>(bad), static_cast<long long>(want.numel()),
                static_cast<long long>(worst), a[worst], b[worst], excess);
  return {key + text};
}

inline std::vector<std::string> Golden::compare(const std::string& key,
                                                const at::Tensor& actual) const {
  if (const at::Tensor* whole = stored_.find(key)) return difference(key, actual, *whole);
  const at::Tensor* summary = stored_.find(key + "#summary");
  if (!summary) return {key + ": the case stores nothing of it"};
  const at::Tensor flat = actual.detach().to(at::kDouble).contiguous().flatten();
  const at::Tensor probe = fill("probe/" + key, {flat.numel()});
  const at::Tensor have = at::stack({flat.sum(), flat.norm(), flat.dot(probe)});
  std::vector<std::string> all = difference(key + "#summary", have, *summary);
  for (const char* part : {"#head", "#tail"}) {
    const at::Tensor* want = stored_.find(key + part);
    if (!want) continue;
    const int64_t start = part == std::string_view("#head") ? 0 : flat.numel() - want->numel();
    for (auto& text : difference(key + part, flat.narrow(0, start, want->numel()), want->flatten()))
      all.push_back(std::move(text));
  }
  return all;
}

inline std::vector<std::string> Golden::check(const Tensors& outputs) {
  std::vector<std::string> all;
  for (const auto& [name, tensor] : outputs)
    for (auto& text : compare("out/" + name, tensor)) all.push_back(std::move(text));
  for (const auto& [key, tensor] : stored_) {
    if (!key.starts_with("out/")) continue;
    const std::string output =
        key.substr(4, key.find('#') == std::string::npos ? key.npos : key.find('#') - 4);
    if (!outputs.has(output)) all.push_back(key + ": not computed");
  }
  check_gradients(outputs, all);
  return all;
}

inline void Golden::check_gradients(const Tensors& outputs, std::vector<std::string>& differences) {
  at::Tensor objective;
  for (const auto& over : json_.value("objective_over", Json::array())) {
    const std::string output = over.get<std::string>();
    const at::Tensor value = outputs.at(output).to(at::kDouble);
    const at::Tensor part = (value * fill("probe/out/" + output, value.sizes())).sum();
    objective = objective.defined() ? objective + part : part;
  }
  if (!objective.defined() || leaves_.empty()) return;
  if (json_.contains("objective"))
    for (auto& text : difference("objective", objective,
                                 at::full({1}, json_["objective"].get<double>(), at::kDouble)))
      differences.push_back(std::move(text));
  std::vector<at::Tensor> leaves;
  for (const auto& item : leaves_) leaves.push_back(item.second);
  const auto gradients = torch::autograd::grad({objective}, leaves, {}, true, false, true);
  const Json unreached = json_.value("no_grad_reaches", Json::array());
  for (size_t i = 0; i < leaves.size(); ++i) {
    const std::string& key = (leaves_.begin() + static_cast<std::ptrdiff_t>(i))->first;
    const at::Tensor& gradient = gradients[i];
    if (std::find(unreached.begin(), unreached.end(), key) != unreached.end()) {
      if (gradient.defined() && gradient.abs().max().item<double>() != 0)
        differences.push_back("grad/" + key +
                              ": a gradient reaches it, none does in the reference");
    } else if (!gradient.defined()) {
      differences.push_back("grad/" + key + ": no gradient reaches it");
    } else {
      for (auto& text : compare("grad/" + key, gradient)) differences.push_back(std::move(text));
    }
  }
}

}  // namespace tractrix::test
