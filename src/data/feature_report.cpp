#include "tractrix/data/feature_report.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tractrix/config/document.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/feature_file.hpp"
#include "tractrix/tensor/safetensors_io.hpp"

namespace tractrix::data {
namespace reporting {

struct NumpyName {
  at::ScalarType type;
  const char* name;
};
constexpr NumpyName kNumpyNames[] = {
    {at::kDouble, "float64"},    {at::kFloat, "float32"}, {at::kHalf, "float16"},
    {at::kBFloat16, "bfloat16"}, {at::kLong, "int64"},    {at::kInt, "int32"},
    {at::kShort, "int16"},       {at::kChar, "int8"},     {at::kUInt64, "uint64"},
    {at::kUInt32, "uint32"},     {at::kUInt16, "uint16"}, {at::kByte, "uint8"},
    {at::kBool, "bool"}};

const char* numpy_name(at::ScalarType type) {
  for (const auto& row : kNumpyNames)
    if (row.type == type) return row.name;
  return "?";
}

// Neumaier's sum in extended precision.
class Sum {
 public:
  void add(long double value) {
    const long double next = sum_ + value;
    rest_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }
  double value() const { return static_cast<double>(sum_ + rest_); }

 private:
  long double sum_ = 0, rest_ = 0;
};

template <class T>
Json digest_of(const T* values, int64_t count) {
  Sum sum, weighted;
  for (int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<long double>(static_cast<T>(values[i]));
    sum.add(value);
    weighted.add(value * static_cast<long double>(i % 97 + 1));
  }
  Json first = Json::array(), last = Json::array();
  for (int64_t i = 0; i < std::min<int64_t>(count, 4); ++i)
    first.push_back(static_cast<double>(values[i]));
  for (int64_t i = std::max<int64_t>(count - 4, 0); i < count; ++i)
    last.push_back(static_cast<double>(values[i]));
  return {
      {"sum", sum.value()}, {"weighted_sum", weighted.value()}, {"first", first}, {"last", last}};
}

Json digest_values(const at::Tensor& t) {
  const void* data = t.const_data_ptr();
  const int64_t n = t.numel();
  switch (t.scalar_type()) {
    case at::kDouble:
      return digest_of(static_cast<const double*>(data), n);
    case at::kFloat:
      return digest_of(static_cast<const float*>(data), n);
    case at::kLong:
      return digest_of(static_cast<const int64_t*>(data), n);
    case at::kUInt64:
      return digest_of(static_cast<const uint64_t*>(data), n);
    case at::kInt:
      return digest_of(static_cast<const int32_t*>(data), n);
    case at::kUInt32:
      return digest_of(static_cast<const uint32_t*>(data), n);
    case at::kShort:
      return digest_of(static_cast<const int16_t*>(data), n);
    case at::kUInt16:
      return digest_of(static_cast<const uint16_t*>(data), n);
    case at::kChar:
      return digest_of(static_cast<const int8_t*>(data), n);
    case at::kByte:
      return digest_of(static_cast<const uint8_t*>(data), n);
    case at::kBool:
      return digest_of(static_cast<const uint8_t*>(data), n);
    default:
      return digest_values(t.to(at::kFloat).contiguous());  // float16, bfloat16: exact
  }
}

void add_fields(Json& report, const Json& fields) {
  for (const auto& [name, value] : fields.items()) report[name] = value;
}

Json describe_names(const FeatureFile& file) {
  Json all = Json::object();
  for (const auto& text : file.info().texts) {
    const auto names = file.names(text);
    const std::vector<std::string> first(
        names.begin(), names.begin() + std::min<std::ptrdiff_t>(3, std::ssize(names)));
    all[text] = {{"count", names.size()}, {"first", first}};
    all[text]["last"] = names.empty() ? Json(nullptr) : Json(names.back());
  }
  return all;
}

void describe_values(const FeatureFile& file, Json& report) {
  const auto& info = file.info();
  if (!info.members.empty()) {
    const char* key = info.kind == "omics_cohort" ? "patients" : "tensors";
    for (const auto& member : info.members)
      report[key][member] = tensor_digest(file.read(member, As::stored));
    return;
  }
  if (info.kind == "coords") return;
  const at::Tensor values = file.read(As::stored);
  add_fields(report, tensor_digest(values));
  report.erase("shape");
  if (info.kind == "vector") return;
  if (info.rows == 0) report["warnings"].push_back("the bag is empty: no patch was kept");
  if (const auto repeated = repeated_rows(values); !repeated.empty())
    report["warnings"].push_back(repeated);
}

Json describe_features(const std::filesystem::path& path) {
  const FeatureFile file = open_features(path);
  const auto& info = file.info();
  Json report = {{"file", path.string()},
                 {"kind", info.kind},
                 {"format", info.format},
                 {"layout", info.layout}};
  report["warnings"] = Json::array();
  if (info.kind != "coords" && info.kind != "tensors") {
    report["rows"] = info.rows;
    report["columns"] = info.columns;
    report["stored_shape"] = info.stored_shape;
    report["dtype"] = numpy_name(scalar_type(info.dtype));
  }
  if (!info.encoder.empty()) report["encoder"] = info.encoder;
  if (!info.chunk.empty()) report["chunk"] = info.chunk;
  if (!info.filters.empty()) report["filters"] = info.filters;
  if (info.synthetic) report["synthetic"] = true;
  describe_values(file, report);
  if (info.has_coords) {
    report["coords"] = tensor_digest(file.coords());
    report["coords"]["shape"] = info.coords_shape;
  }
  if (!info.texts.empty()) report["names"] = describe_names(file);
  if (!info.attributes.empty()) report["attributes"] = info.attributes;
  return report;
}

// "case_id " would silently be another column than "case_id".
std::string name_without_blanks(const std::string& name, const std::filesystem::path& path) {
  if (name.front() == ' ' || name.back() == ' ') {
    throw Error(path.string() + ":1", "column '" + name + "' begins or ends with a blank",
                "remove the blanks");
  }
  return name;
}

Json describe_table(const std::filesystem::path& path) {
  const auto table = CsvTable::read(path);
  Json columns = Json::array();
  for (const auto& name : table.header())
    if (!name.empty())
      columns.push_back(name_without_blanks(name, path));  // pandas' index has no name
  Json report = {
      {"file", path.string()}, {"kind", "table"}, {"rows", table.rows()}, {"columns", columns}};
  if (const auto id = table.find("case_id")) {
    std::set<std::string_view> patients;
    for (int64_t i = 0; i < table.rows(); ++i) patients.insert(table.at(i, *id));
    report["patients"] = patients.size();
  }
  Json sums = Json::object();
  for (int64_t c = 0; c < table.columns(); ++c) {
    Sum sum;
    bool numbers = !table.header()[static_cast<size_t>(c)].empty();
    for (int64_t i = 0; numbers && i < table.rows(); ++i) {
      const auto value = parse_number(table.at(i, c));
      numbers = value.has_value();
      if (numbers) sum.add(*value);
    }
    if (numbers) sums[table.header()[static_cast<size_t>(c)]] = sum.value();
  }
  report["sums"] = sums;
  return report;
}

void add_values(const config::Node& node, const std::string& path, Json& values) {
  for (const auto& [key, child] : node.children)
    add_values(child, path.empty() ? key : path + "." + key, values);
  for (size_t i = 0; i < node.items.size(); ++i)
    add_values(node.items[i], path + "." + std::to_string(i), values);
  if (node.type == config::Node::Type::scalar) values[path] = node.scalar;
  if (node.type == config::Node::Type::null) values[path] = nullptr;
}

Json describe_yaml(const std::filesystem::path& path) {
  Json report = {{"file", path.string()}, {"kind", "yaml"}, {"values", Json::object()}};
  add_values(config::load(path), "", report["values"]);
  return report;
}

Json describe_safetensors(const std::filesystem::path& path) {
  const auto file = Safetensors::read(path);
  Json report = {{"file", path.string()}, {"kind", "safetensors"}, {"tensors", Json::object()}};
  for (const auto& [name, tensor] : to_tensors(file)) {
    require_finite(tensor, path.string() + " (" + name + ")");
    report["tensors"][name] = tensor_digest(tensor);
  }
  for (const auto& [key, value] : file.metadata()) report["metadata"][key] = value;
  return report;
}

bool ends_with_any(const std::string& text, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view end) { return text.ends_with(end); });
}

std::string line_of(const std::string& key, const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  return "  " + key + std::string(key.size() < 14 ? 14 - key.size() : 1, ' ') + text + "\n";
}

}  // namespace reporting

Json tensor_digest(const at::Tensor& tensor) {
  Json digest = {{"shape", tensor.sizes().vec()},
                 {"dtype", reporting::numpy_name(tensor.scalar_type())}};
  reporting::add_fields(digest, reporting::digest_values(tensor.contiguous()));
  return digest;
}

Json feature_report(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  Json report =
      reporting::ends_with_any(name, {".csv", ".csv.gz"}) ? reporting::describe_table(file)
      : reporting::ends_with_any(name, {".yaml", ".yml"}) ? reporting::describe_yaml(file)
      : reporting::ends_with_any(name, {".safetensors"})  ? reporting::describe_safetensors(file)
                                                          : reporting::describe_features(file);
  report["bytes"] = std::filesystem::file_size(file);
  report["sha256"] = sha256_of_file(file);
  return report;
}

std::string feature_report_text(const Json& report) {
  std::string text;
  for (const auto& [key, value] : report.items()) {
    if (key == "file" || key == "warnings") continue;
    if (value.is_object()) {
      text += "  " + key + "\n";
      for (const auto& [name, item] : value.items()) text += "  " + reporting::line_of(name, item);
    } else {
      text += reporting::line_of(key, value);
    }
  }
  if (report.contains("warnings"))
    for (const auto& warning : report["warnings"]) text += reporting::line_of("warning", warning);
  return text;
}

}  // namespace tractrix::data
