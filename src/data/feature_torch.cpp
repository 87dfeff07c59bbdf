// Files of torch.save: the zip archive of torch >= 1.6 and the older row of pickles and storages.
#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "feature_pickle.hpp"
#include "feature_source.hpp"
#include "feature_torch_output.hpp"
#include "feature_zip.hpp"
#include "tractrix/core/raw_file.hpp"
#include "tractrix/tensor/safetensors_io.hpp"

namespace tractrix::data {
namespace torch_file {

using pickle::Value;
using Type = Value::Type;

constexpr uint64_t kMostPickle = uint64_t{4} << 30, kMostUnpacked = uint64_t{64} << 20;

struct StorageClass {
  const char* name;
  Dtype dtype;
};
constexpr StorageClass kStorages[] = {{"torch.DoubleStorage", Dtype::f64},
                                      {"torch.FloatStorage", Dtype::f32},
                                      {"torch.HalfStorage", Dtype::f16},
                                      {"torch.BFloat16Storage", Dtype::bf16},
                                      {"torch.LongStorage", Dtype::i64},
                                      {"torch.IntStorage", Dtype::i32},
                                      {"torch.ShortStorage", Dtype::i16},
                                      {"torch.CharStorage", Dtype::i8},
                                      {"torch.ByteStorage", Dtype::u8},
                                      {"torch.BoolStorage", Dtype::boolean},
                                      {"f2", Dtype::f16},
                                      {"f4", Dtype::f32},
                                      {"f8", Dtype::f64},
                                      {"i4", Dtype::i32},
                                      {"i8", Dtype::i64}};

const Dtype* dtype_named(const std::string& name) {
  for (const auto& row : kStorages)
    if (name == row.name) return &row.dtype;
  return nullptr;
}

bool real(Dtype dtype) {
  return dtype == Dtype::f16 || dtype == Dtype::bf16 || dtype == Dtype::f32 || dtype == Dtype::f64;
}

// A tensor's description after all checks; bytes are read later.
struct View {
  std::string storage;  // key; empty: the bytes of a numpy array follow
  int64_t elements = 0, offset = 0;
  std::vector<int64_t> sizes, strides;
  Dtype dtype = Dtype::f32;
  std::string bytes;
};

class Source : public FeatureSource {
 public:
  explicit Source(const std::filesystem::path& file);

  StoredValues values(const std::string& member) const override;
  at::Tensor coords() const override { return load(views_.at("coords")); }
  std::vector<std::string> texts(const std::string&) const override { refuse("holds no texts"); }

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& hint = {}) const {
    throw Error(info.file.string(), what, hint);
  }
  pickle::Loaded read_zip(const RawFile& file);
  pickle::Loaded read_legacy(const RawFile& file);
  void locate_legacy(const RawFile& file, uint64_t at, const pickle::Loaded& object,
                     const Value& keys);
  void judge(const Value& value);
  void judge_bag(const Value& value, const std::string& name);
  void judge_members(const Value& value);
  View describe(const Value& value) const;
  View describe_array(const Value& value) const;
  void check_extent(const View& view) const;
  at::Tensor load(const View& view) const;
  void read_storage(const View& view, char* to, uint64_t bytes) const;

  std::string archive_;  // zip: the folder all members lie in
  std::map<std::string, std::pair<uint64_t, uint64_t>>
      storages_;  // legacy: offset and bytes by key
  Named<View> views_;
};

pickle::Loaded Source::read_zip(const RawFile& file) {
  info.format = "torch zip";
  const Zip zip(file);
  const ZipMember* found = nullptr;
  for (const auto& member : zip.members()) {
    const auto slash = member.name.find('/');
    const std::string rest = slash == std::string::npos ? "" : member.name.substr(slash + 1);
    if (rest == "constants.pkl" || rest.rfind("code/", 0) == 0) {
      refuse("is a TorchScript archive: it contains code",
             "save the tensor itself: torch.save(tensor, path)");
    }
    if (rest != "data.pkl") continue;
    if (found)
      refuse("holds two pickles, '" + printable(found->name) + "' and '" + printable(member.name) +
             "'");
    found = &member;
    archive_ = member.name.substr(0, slash);
  }
  if (!found) refuse("is a zip archive without data.pkl: not written by torch.save");
  if (const auto* order = zip.find(archive_ + "/byteorder");
      order && zip.read(*order, 16) != "little") {
    refuse("was not written by a little-endian machine");
  }
  info.synthetic = zip.find(archive_ + "/" + kSyntheticMember) != nullptr;
  return pickle::load(zip.read(*found, found->deflated ? kMostUnpacked : kMostPickle), file.name());
}

// Magic number, protocol version, system, object, keys: five pickles; then the storages in the
// order of the keys.
pickle::Loaded Source::read_legacy(const RawFile& file) {
  info.format = "torch legacy";
  const std::string head = file.text(0, std::min<uint64_t>(file.size(), kMostUnpacked));
  std::string_view rest = head;
  std::vector<pickle::Loaded> parts;
  while (parts.size() < 5) {
    parts.push_back(pickle::load(rest, file.name()));
    rest.remove_prefix(parts.back().used);
  }
  const Value& version = *parts[1].value;
  if (!version.is(Type::integer) || version.integer != 1001)
    refuse("has an unknown protocol version of torch.save");
  const auto& system = parts[2].value->items;
  for (size_t i = 0; i + 1 < system.size(); i += 2) {
    if (system[i]->text == "little_endian" && system[i + 1]->integer == 0)
      refuse("was not written by a little-endian machine");
  }
  if (!parts[4].value->is(Type::list)) refuse("has no list of storages");
  locate_legacy(file, head.size() - rest.size(), parts[3], *parts[4].value);
  return parts[3];
}

void Source::locate_legacy(const RawFile& file, uint64_t at, const pickle::Loaded& object,
                           const Value& keys) {
  std::map<std::string, const Value*> known;
  for (const auto& value : object.arena->all())
    if (value.is(Type::storage)) known[value.text] = &value;
  for (const auto& key : keys.items) {
    const auto found = known.find(key->text);
    if (!key->is(Type::text) || found == known.end()) refuse("lists a storage that nothing uses");
    const Dtype* dtype = dtype_named(found->second->name);
    const uint64_t elements = little_endian(file.text(at, 8));
    uint64_t bytes = 0;
    at += 8;
    if (!dtype || __builtin_mul_overflow(elements, bytes_of(*dtype), &bytes) ||
        !file.holds(at, bytes)) {
      refuse("is truncated inside the storage '" + printable(key->text) + "'", "copy it again");
    }
    storages_[key->text] = {at, bytes};
    at += bytes;
  }
}

// Every index the view can reach lies inside the storage, and no value is repeated by a stride of
// zero.
void Source::check_extent(const View& view) const {
  if (view.sizes.size() != view.strides.size() || view.sizes.size() > 8)
    refuse("holds a tensor of unequal sizes and strides");
  int64_t count = 1, last = view.offset;
  bool empty = false, bad = view.offset < 0 || view.elements < 0;
  for (size_t i = 0; i < view.sizes.size(); ++i) {
    const int64_t n = view.sizes[i], stride = view.strides[i];
    int64_t span = 0;
    bad = bad || n < 0 || stride < 0;
    empty = empty || n == 0;
    if (bad || n == 0) continue;
    bad = __builtin_mul_overflow(count, n, &count) ||
          __builtin_mul_overflow(n - 1, stride, &span) || __builtin_add_overflow(last, span, &last);
  }
  if (bad) refuse("holds a tensor with a negative or overflowing size, stride or offset");
  if (empty) return;
  if (last >= view.elements || count > view.elements) {
    refuse("holds a tensor that reaches beyond its storage of " + std::to_string(view.elements) +
           " elements");
  }
}

View Source::describe_array(const Value& value) const {
  View view;
  const Dtype* dtype = dtype_named(value.name);
  if (!dtype) refuse("holds a numpy array that was never filled");
  view.dtype = *dtype;
  view.bytes = value.text;
  view.elements = static_cast<int64_t>(value.text.size() / bytes_of(view.dtype));
  for (const auto& n : value.items[0]->items) view.sizes.push_back(n->integer);
  view.strides.assign(view.sizes.size(), 1);
  for (size_t i = view.sizes.size(); i-- > 1;) {
    if (__builtin_mul_overflow(view.strides[i], std::max<int64_t>(view.sizes[i], 1),
                               &view.strides[i - 1])) {
      refuse("holds a numpy array whose size overflows");
    }
  }
  check_extent(view);
  return view;
}

View Source::describe(const Value& value) const {
  if (value.is(Type::array)) return describe_array(value);
  View view;
  const Value& storage = *value.items[0];
  const Dtype* dtype = dtype_named(storage.name);
  if (!dtype) refuse("holds a tensor over " + printable(storage.name));
  view.dtype = *dtype;
  view.storage = storage.text;
  view.elements = storage.integer;
  view.offset = value.items[1]->integer;
  for (const auto& n : value.items[2]->items) view.sizes.push_back(n->integer);
  for (const auto& n : value.items[3]->items) view.strides.push_back(n->integer);
  check_extent(view);
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<uint64_t>(view.elements), bytes_of(view.dtype), &bytes))
    refuse("holds a storage whose size overflows");
  read_storage(view, nullptr, bytes);  // is it there, and as long as the pickle says?
  return view;
}

// to = nullptr: only the checks.
void Source::read_storage(const View& view, char* to, uint64_t bytes) const {
  const RawFile file(info.file);
  const std::string shown = "storage '" + printable(view.storage) + "' ";
  const auto differs = [&](uint64_t there) {
    refuse(shown + "holds " + std::to_string(there) + " bytes, the pickle says " +
           std::to_string(bytes));
  };
  if (info.format == "torch legacy") {
    const auto found = storages_.find(view.storage);
    if (found == storages_.end()) refuse(shown + "is not in the file");
    if (found->second.second != bytes) differs(found->second.second);
    if (to) file.read(found->second.first, to, bytes);
    return;
  }
  const Zip zip(file);
  const ZipMember* member = zip.find(archive_ + "/data/" + view.storage);
  if (!member) refuse(shown + "is not in the file");
  if (member->size != bytes) differs(member->size);
  if (to) zip.read(*member, to, bytes);
}

at::Tensor Source::load(const View& view) const {
  const at::Tensor flat = at::empty({view.elements}, scalar_type(view.dtype));
  auto* bytes = static_cast<char*>(flat.data_ptr());
  if (!view.storage.empty()) {
    read_storage(view, bytes, static_cast<uint64_t>(flat.nbytes()));
  } else if (!view.bytes.empty()) {
    std::memcpy(bytes, view.bytes.data(), flat.nbytes());
  }
  if (std::find(view.sizes.begin(), view.sizes.end(), 0) != view.sizes.end())
    return at::empty(view.sizes, flat.options());
  return flat.as_strided(view.sizes, view.strides, view.offset).contiguous();
}

void Source::judge_bag(const Value& value, const std::string& name) {
  const View view = describe(value);
  info.kind = "bag";
  info.dataset = name;
  info.stored_shape = view.sizes;
  info.dtype = view.dtype;
  views_[name] = view;
  if (!set_bag_shape(info)) {
    refuse("holds a tensor of " + std::to_string(view.sizes.size()) +
           " dimensions, expected [patches, width]");
  }
  if (!real(view.dtype)) refuse("holds integers, no features");
}

bool is_tensor(const Value& value) { return value.is(Type::tensor) || value.is(Type::array); }

// A dict or list whose entries are all tensors.
void Source::judge_members(const Value& value) {
  info.kind = "tensors";
  info.layout = value.is(Type::list) || value.is(Type::tuple) ? "list" : "dict";
  const size_t step = info.layout == "dict" ? 2 : 1;
  for (size_t i = 0; i + step <= value.items.size(); i += step) {
    const Value& key = *value.items[i];
    const Value& item = *value.items[i + step - 1];
    if (step == 2 && !key.is(Type::text))
      refuse("holds a dict with a key that is no text: " + shown(key));
    const std::string name = step == 2 ? key.text : std::to_string(i);
    if (!is_tensor(item))
      refuse("holds a " + info.layout + " whose '" + printable(name) + "' is no tensor but " +
             shown(item));
    if (views_.has(name)) refuse("holds two tensors named '" + printable(name) + "'");
    views_[name] = describe(item);
    info.members.push_back(name);
  }
  if (info.members.empty()) refuse("holds an empty " + info.layout + ", no tensor");
  info.dtype = views_.begin()->second.dtype;
}

void Source::judge(const Value& value) {
  if (is_tensor(value)) {
    info.layout = value.is(Type::array) ? "numpy" : "tensor";
    return judge_bag(value, "");
  }
  const bool dict = value.is(Type::dict) || value.is(Type::mapping);
  if (!dict && !value.is(Type::list) && !value.is(Type::tuple)) {
    refuse("holds " + shown(value) + ", no tensor",
           "save one tensor [patches, width]: torch.save(tensor, path)");
  }
  for (size_t i = 0; dict && i + 1 < value.items.size(); i += 2) {
    if (!value.items[i]->is(Type::text) || value.items[i]->text != "features" ||
        !is_tensor(*value.items[i + 1]))
      continue;
    judge_bag(*value.items[i + 1], "features");
    info.layout = "dict";
  }
  for (size_t i = 0; !info.kind.empty() && i + 1 < value.items.size(); i += 2) {
    if (!value.items[i]->is(Type::text) || value.items[i]->text != "coords" ||
        !is_tensor(*value.items[i + 1]))
      continue;
    const View view = describe(*value.items[i + 1]);
    if (view.sizes != std::vector<int64_t>{info.rows, 2})
      refuse("holds coords that are not [" + std::to_string(info.rows) + ", 2]");
    info.has_coords = true;
    info.coords_shape = view.sizes;
    info.coords_dtype = view.dtype;
    views_["coords"] = view;
  }
  if (info.kind.empty()) judge_members(value);
}

Source::Source(const std::filesystem::path& path) {
  info.file = path;
  const RawFile file(path);
  const auto loaded = file.text(0, 2) == "PK" ? read_zip(file) : read_legacy(file);
  judge(*loaded.value);
}

StoredValues Source::values(const std::string& member) const {
  return {load(views_.at(member.empty() ? info.dataset : member))};
}

}  // namespace torch_file

std::shared_ptr<FeatureSource> open_torch(const std::filesystem::path& file) {
  return std::make_shared<torch_file::Source>(file);
}

}  // namespace tractrix::data
