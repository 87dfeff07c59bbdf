// The parent's side: a tree of names out of the sandbox, and arrays as they arrive.
#include "tractrix/h5/tree.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tractrix/core/raw_file.hpp"
#include "tractrix/core/sandbox.hpp"
#include "walk.hpp"

namespace tractrix::h5 {
namespace trees {

constexpr uint64_t kMostReply = uint64_t{64} << 20;

bool is_hdf5(const RawFile& file) {
  constexpr std::string_view kSignature{"\x89HDF\r\n\x1a\n", 8};
  for (uint64_t at = 0; file.holds(at, 8); at = at == 0 ? 512 : at * 2)
    if (file.text(at, 8) == kSignature) return true;
  return false;
}

Room into(std::string& reply, uint64_t most, const std::string& file) {
  return [&reply, most, file](uint64_t length) {
    if (length > most - reply.size()) throw Error(file, "gives more bytes than it declared");
    reply.resize(reply.size() + length);
    return reply.data() + reply.size() - length;
  };
}

template <class T>
double value_at(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return static_cast<double>(value);
}

double half_at(const char* at) {
  uint16_t bits;
  std::memcpy(&bits, at, 2);
  const double sign = bits >> 15 ? -1 : 1;
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  if (exponent == 31) return mantissa ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(mantissa + 1024, exponent - 25);
}

using Convert = double (*)(const char*);
Convert converter(const std::string& type) {
  static const std::vector<std::pair<std::string, Convert>> all{{"f16", half_at},
                                                                {"f32", value_at<float>},
                                                                {"f64", value_at<double>},
                                                                {"i8", value_at<int8_t>},
                                                                {"i16", value_at<int16_t>},
                                                                {"i32", value_at<int32_t>},
                                                                {"i64", value_at<int64_t>},
                                                                {"u8", value_at<uint8_t>},
                                                                {"u16", value_at<uint16_t>},
                                                                {"u32", value_at<uint32_t>},
                                                                {"u64", value_at<uint64_t>}};
  for (const auto& [name, convert] : all)
    if (name == type) return convert;
  return nullptr;
}

// Takes one array off the reply: numbers have a known length, text ends every entry with a NUL.
void take(Array& array, const std::string& reply, uint64_t bytes, size_t& at) {
  if (!array.text()) {
    if (bytes > reply.size() - at) throw Error(array.where, "changed while it was read");
    array.bytes = reply.substr(at, bytes);
    at += bytes;
    return;
  }
  for (int64_t i = 0; i < array.count(); ++i) {
    const size_t end = reply.find('\0', at);
    if (end == std::string::npos) throw Error(array.where, "changed while it was read");
    array.texts.push_back(reply.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace trees

int64_t Array::count() const {
  int64_t n = 1;
  for (int64_t dim : dims) n *= dim;
  return n;
}

std::vector<double> Array::numbers() const {
  const auto convert = trees::converter(type);
  if (!convert) throw Error(where, "holds " + type + ", no numbers");
  const auto n = static_cast<size_t>(count());
  const size_t element = n == 0 ? 1 : bytes.size() / n;
  std::vector<double> all(n);
  for (size_t i = 0; i < n; ++i) all[i] = convert(bytes.data() + i * element);
  return all;
}

std::vector<int64_t> Array::integers() const {
  const auto values = numbers();
  std::vector<int64_t> all(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!(std::abs(values[i]) <= 0x1p53) || values[i] != std::floor(values[i]))
      throw Error(where, "holds " + std::to_string(values[i]) + " where a whole number is needed");
    all[i] = static_cast<int64_t>(values[i]);
  }
  return all;
}

Tree Tree::read(const std::filesystem::path& path) {
  const RawFile file(path);
  if (!trees::is_hdf5(file)) refuse_unknown(file);
  SandboxLimits limits;
  limits.memory += 2 * trees::kMostReply;
  std::string reply;
  in_sandbox(
      file.name(), limits,
      [&](ChildPipe& pipe) {
        const std::string text = walk(file.name(), file.size()).dump();
        pipe.send(text.data(), text.size());
      },
      trees::into(reply, trees::kMostReply, file.name()));
  Tree tree;
  tree.file_ = path;
  tree.nodes_ = Json::parse(reply);
  return tree;
}

const Json& Tree::node(const std::string& path) const {
  const auto at = path.find('@');
  const auto found = nodes_.find(path.substr(0, at));
  if (found == nodes_.end()) throw Error(file_.string(), "holds no '" + path + "'");
  if (found->contains("refused")) throw Error(file_.string(), found->at("refused"));
  if (at == std::string::npos) return *found;
  const auto field = found->find("fields");
  if (field == found->end() || !field->contains(path.substr(at + 1)))
    throw Error(file_.string(), "holds no '" + path + "'");
  return field->at(path.substr(at + 1));
}

bool Tree::has(const std::string& path) const {
  const auto at = path.find('@');
  const auto found = nodes_.find(path.substr(0, at));
  if (found == nodes_.end() || at == std::string::npos) return found != nodes_.end();
  return found->contains("fields") && found->at("fields").contains(path.substr(at + 1));
}

bool Tree::is_group(const std::string& path) const {
  return has(path) && node(path).contains("members");
}

bool Tree::is_records(const std::string& path) const {
  return has(path) && node(path).contains("fields");
}

std::vector<std::string> Tree::members(const std::string& group) const {
  const auto& json = node(group);
  if (!json.contains("members")) throw Error(file_.string(), "'" + group + "' is no group");
  return json.at("members");
}

std::vector<std::string> Tree::fields(const std::string& records) const {
  std::vector<std::string> names;
  for (const auto& [name, json] : node(records).at("fields").items()) names.push_back(name);
  return names;
}

std::vector<int64_t> Tree::dims(const std::string& dataset) const {
  const auto& json = node(dataset);
  if (!json.contains("dims")) throw Error(file_.string(), "'" + dataset + "' is no data set");
  return json.at("dims");
}

std::string Tree::type(const std::string& dataset) const {
  const auto& json = node(dataset);
  return json.contains("type") ? json.at("type").get<std::string>() : "";
}

const Json& Tree::attributes(const std::string& path) const { return node(path).at("attributes"); }

std::string Tree::attribute(const std::string& path, const std::string& name) const {
  if (!has(path)) return {};
  const auto& all = attributes(path);
  return all.contains(name) && all.at(name).is_string() ? all.at(name).get<std::string>() : "";
}

uint64_t Tree::bytes_of(const std::string& path) const {
  const auto& json = node(path);
  if (!json.contains("bytes")) throw Error(file_.string(), "'" + path + "' is no data set");
  return json.at("bytes");
}

Named<Array> Tree::load(const std::vector<std::string>& paths, uint64_t most) const {
  const RawFile file(file_);
  uint64_t total = 0, largest = 0;
  for (const auto& path : paths) {
    largest = std::max(largest, bytes_of(path));
    total += bytes_of(path);
  }
  if (total > most)
    throw Error(file.name(), "declares " + std::to_string(total >> 20) +
                                 " MiB of values, at most " + std::to_string(most >> 20) +
                                 " MiB are read at once");
  SandboxLimits limits;
  limits.memory += 3 * largest + (uint64_t{64} << 20);
  limits.seconds += 30 + total / (10u << 20);
  std::string reply;
  in_sandbox(
      file.name(), limits,
      [&](ChildPipe& pipe) {
        send_arrays(file.name(), file.size(), paths,
                    [&](const std::string& part) { pipe.send(part.data(), part.size()); });
      },
      trees::into(reply, total + trees::kMostReply, file.name()));
  Named<Array> all;
  size_t at = 0;
  for (const auto& path : paths) {
    auto& array = all[path];
    array.where = file.name() + ": '" + path + "'";
    array.type = type(path);
    array.dims = dims(path);
    trees::take(array, reply, bytes_of(path), at);
  }
  return all;
}

uint64_t Tree::address(const std::string& dataset) const {
  const auto& json = node(dataset);
  if (!json.contains("address"))
    throw Error(file_.string(), "'" + dataset + "' does not lie in one piece");
  return json.at("address");
}

Array Tree::load_one(const std::string& path) const { return load({path}).at(path); }

}  // namespace tractrix::h5
