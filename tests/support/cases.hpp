// Golden files that hold many small cases: CASE/in/NAME and CASE/out/LIBRARY/NAME in one
// safetensors file, what each case is about and which calls the libraries refuse in the JSON beside
// it.
#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/safetensors.hpp"

namespace tractrix::test {

// The project's tolerance for values in float64; equal infinities and two NaN are close, too.
inline bool close(double a, double b, double relative = 1e-10, double absolute = 1e-12) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= absolute + relative * std::abs(b);
}

class CaseFile {
 public:
  // stem: path without extension.
  explicit CaseFile(const std::filesystem::path& stem)
      : file_(Safetensors::read(stem.string() + ".safetensors")),
        json_(read_json(stem.string() + ".json")) {
    for (const auto& [key, tensor] : file_.tensors()) {
      tensors_.emplace(key, tensor);
      names_.insert(key.substr(0, key.find('/')));
    }
  }

  const std::set<std::string>& names() const { return names_; }
  bool has(const std::string& name, const std::string& key) const {
    return tensors_.count(name + "/" + key) > 0;
  }
  std::string about(const std::string& name) const {
    return name + " (" + json_.at("cases").at(name).value("about", "") + ")";
  }
  // Whether this library's call raises.
  bool refused(const std::string& name, const std::string& library) const {
    const Json& one = json_.at("cases").at(name);
    return one.contains("errors") && one.at("errors").contains(library);
  }

  std::vector<double> doubles(const std::string& name, const std::string& key) const {
    return values<double>(name, key, Dtype::f64);
  }
  std::vector<int64_t> integers(const std::string& name, const std::string& key) const {
    return values<int64_t>(name, key, Dtype::i64);
  }
  std::vector<uint8_t> bytes(const std::string& name, const std::string& key) const {
    return values<uint8_t>(name, key, Dtype::u8);
  }
  double scalar(const std::string& name, const std::string& key) const {
    return doubles(name, key).at(0);
  }

 private:
  template <class T>
  std::vector<T> values(const std::string& name, const std::string& key, Dtype dtype) const {
    const auto found = tensors_.find(name + "/" + key);
    if (found == tensors_.end()) throw Error(name, "has no " + key);
    const TensorBytes& tensor = found->second;
    if (tensor.dtype != dtype) throw Error(name, key + " is " + name_of(tensor.dtype));
    std::vector<T> out(tensor.bytes.size() / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
    return out;
  }

  Safetensors file_;
  Json json_;
  std::map<std::string, TensorBytes> tensors_;
  std::set<std::string> names_;
};

}  // namespace tractrix::test
