#include "tractrix/core/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>

#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"

namespace tractrix {
namespace {

constexpr uint64_t kMostHeader = 100'000'000;

struct DtypeRow {
  Dtype dtype;
  const char* name;
  size_t bytes;
};
constexpr DtypeRow kDtypes[] = {
    {Dtype::f64, "F64", 8},     {Dtype::f32, "F32", 4}, {Dtype::f16, "F16", 2},
    {Dtype::bf16, "BF16", 2},   {Dtype::i64, "I64", 8}, {Dtype::i32, "I32", 4},
    {Dtype::i16, "I16", 2},     {Dtype::i8, "I8", 1},   {Dtype::u64, "U64", 8},
    {Dtype::u32, "U32", 4},     {Dtype::u16, "U16", 2}, {Dtype::u8, "U8", 1},
    {Dtype::boolean, "BOOL", 1}};

const DtypeRow& row_of(Dtype dtype) {
  for (const auto& row : kDtypes)
    if (row.dtype == dtype) return row;
  throw std::logic_error("a dtype without a row");
}

// SAX handler that only watches for what a parsed document can no longer show: duplicate keys and
// depth.
class Guard : public nlohmann::json_sax<Json> {
 public:
  std::string defect;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return keys_.emplace_back(), deep(); }
  bool key(string_t& key) override {
    if (keys_.back().insert(key).second) return true;
    defect = "the header names '" + key + "' twice";
    return false;
  }
  bool end_object() override { return keys_.pop_back(), --depth_, true; }
  bool start_array(size_t) override { return deep(); }
  bool end_array() override { return --depth_, true; }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    defect = "the header is no valid JSON";
    return false;
  }

 private:
  bool deep() {
    if (++depth_ <= 8) return true;
    defect = "the header is nested too deep";
    return false;
  }
  std::vector<std::set<std::string>> keys_;
  int depth_ = 0;
};

Json parse_header(std::string_view text, const std::string& where) {
  // Python's writer pads with spaces; anything else behind the object is refused.
  const auto last = text.find_last_not_of(' ');
  const auto trimmed = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  Guard guard;
  if (!Json::sax_parse(trimmed, &guard)) {
    throw Error(where, guard.defect.empty() ? "the header is no valid JSON" : guard.defect);
  }
  Json header = Json::parse(trimmed);
  if (!header.is_object()) throw Error(where, "the header is no JSON object");
  return header;
}

struct Span {
  uint64_t begin, end;
};

TensorBytes describe(const std::string& name, const Json& entry, const std::string& where,
                     Span& span) {
  const auto refuse = [&](const std::string& what) {
    throw Error(where, "tensor '" + name + "' " + what);
  };
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets") || entry.size() != 3) {
    refuse("needs exactly dtype, shape and data_offsets");
  }
  if (!entry["dtype"].is_string()) refuse("has a dtype that is no text");
  TensorBytes tensor;
  const DtypeRow* dtype = nullptr;
  for (const auto& row : kDtypes)
    if (entry["dtype"] == row.name) dtype = &row;
  if (!dtype) refuse("has the unknown dtype '" + entry["dtype"].get<std::string>() + "'");
  tensor.dtype = dtype->dtype;
  if (!entry["shape"].is_array()) refuse("has a shape that is no list");
  uint64_t size = dtype->bytes;
  for (const auto& dim : entry["shape"]) {
    if (!dim.is_number_unsigned()) refuse("has a dimension that is no whole number >= 0");
    const auto n = dim.get<uint64_t>();
    if (n > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) ||
        __builtin_mul_overflow(size, n, &size)) {
      refuse("has dimensions whose product overflows");
    }
    tensor.shape.push_back(static_cast<int64_t>(n));
  }
  const auto& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    refuse("needs two data_offsets");
  }
  span = {offsets[0].get<uint64_t>(), offsets[1].get<uint64_t>()};
  if (span.end < span.begin) refuse("ends before it begins");
  if (span.end - span.begin != size) {
    refuse("has " + std::to_string(span.end - span.begin) + " bytes, its shape needs " +
           std::to_string(size));
  }
  return tensor;
}

// Offsets must tile [0, size) without holes and without overlap.
void check_tiling(std::vector<std::pair<Span, std::string>> spans, uint64_t size,
                  const std::string& where) {
  std::sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.begin, a.first.end) < std::pair(b.first.begin, b.first.end);
  });
  uint64_t position = 0;
  for (const auto& [span, name] : spans) {
    if (span.begin != position) {
      throw Error(where,
                  "tensor '" + name + "' " +
                      (span.begin < position ? "overlaps another" : "leaves a hole before it"));
    }
    position = span.end;
  }
  if (position > size) {
    throw Error(where, "is truncated: tensors need " + std::to_string(position) + " bytes, " +
                           std::to_string(size) + " are there");
  }
  if (position < size)
    throw Error(where, std::to_string(size - position) + " bytes follow the last tensor");
}

}  // namespace

size_t bytes_of(Dtype dtype) { return row_of(dtype).bytes; }
const char* name_of(Dtype dtype) { return row_of(dtype).name; }

int64_t TensorBytes::elements() const {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  return n;
}

Safetensors Safetensors::read(const std::filesystem::path& file) {
  return parse(read_file(file, uint64_t{1} << 36), file.string());
}

Safetensors Safetensors::parse(std::string bytes, const std::string& where) {
  Safetensors result;
  result.bytes_ = std::move(bytes);
  const std::string_view all = result.bytes_;
  if (all.size() < 8) throw Error(where, "is no safetensors file: shorter than 8 bytes");
  uint64_t length = 0;
  std::memcpy(&length, all.data(), 8);
  if (length > kMostHeader)
    throw Error(where, "is no safetensors file: a header of " + std::to_string(length) + " bytes");
  if (length > all.size() - 8) throw Error(where, "is truncated inside the header");
  const Json header = parse_header(all.substr(8, length), where);
  const std::string_view data = all.substr(8 + length);
  std::vector<std::pair<Span, std::string>> spans;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) throw Error(where, "__metadata__ is no object");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string())
          throw Error(where, "__metadata__ holds something that is no text: " + key);
        result.metadata_[key] = value.get<std::string>();
      }
      continue;
    }
    Span span{};
    auto tensor = describe(name, entry, where, span);
    spans.emplace_back(span, name);
    if (span.end <= data.size()) tensor.bytes = data.substr(span.begin, span.end - span.begin);
    result.tensors_[name] = std::move(tensor);
  }
  check_tiling(std::move(spans), data.size(), where);
  return result;
}

void write_safetensors(const std::filesystem::path& file, const Named<TensorBytes>& tensors,
                       const Named<std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) {
    for (const auto& [key, value] : metadata) header["__metadata__"][key] = value;
  }
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    header[name] = {{"dtype", name_of(tensor.dtype)},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  write_file(file, [&](const Sink& sink) {
    sink({reinterpret_cast<const char*>(&length), 8});
    sink(text);
    for (const auto& [name, tensor] : tensors) sink(tensor.bytes);
  });
}

}  // namespace tractrix
