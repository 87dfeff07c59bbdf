#include "tractrix/data/packed_store.hpp"

#include <ATen/ATen.h>

#include "feature_source.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/raw_file.hpp"
#include "tractrix/h5/library.hpp"
#include "tractrix/tensor/safetensors_io.hpp"

namespace tractrix::data {
namespace packed {

constexpr int64_t kVersion = 1;
constexpr uint64_t kMostReply = uint64_t{256} << 20;
constexpr const char* kMark = "tractrix_packed";

herr_t add_name(hid_t, const char* name, const H5L_info_t*, void* data) {
  static_cast<std::vector<std::string>*>(data)->emplace_back(name);
  return 0;
}

Json to_json(hid_t group, const std::string& name, const std::string& shown, uint64_t file_size) {
  const h5::Handle dataset(h5::open_dataset(group, name), H5Dclose, "");
  const h5::Shape shape = h5::inspect(dataset, shown, file_size);
  if (shape.layout != H5D_CONTIGUOUS || shape.swapped || shape.dims.size() != 2) {
    throw Refusal("'" + shown + "' does not lie in one piece: not written by tractrix data pack");
  }
  return {{"dims", shape.dims},
          {"type", shape.type},
          {"address", shape.address},
          {"attributes", h5::attributes_of(dataset)}};
}

// Inside the sandbox.
Json describe(const std::string& path, uint64_t file_size) {
  const h5::Handle file(h5::open_safely(path), H5Fclose, "");
  const h5::Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "has a damaged root group");
  Json all = {{"attributes", h5::attributes_of(root)}, {"slides", Json::object()}};
  if (!all["attributes"].contains(kMark) || !h5::has_hard_link(root, "slides")) return all;
  const h5::Handle slides(H5Gopen2(root, "slides", H5P_DEFAULT), H5Gclose,
                          "has a damaged list of slides");
  std::vector<std::string> names;
  if (H5Literate(slides, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names) < 0)
    throw Refusal("has a damaged list of slides");
  for (const auto& name : names) {
    if (!valid_utf8(name)) throw Refusal("has a slide whose name is not valid UTF-8");
    if (!h5::has_hard_link(slides, name)) throw Refusal("slide '" + name + "' is gone");
    const h5::Handle group(H5Gopen2(slides, name.c_str(), H5P_DEFAULT), H5Gclose,
                           "slide '" + name + "' is damaged");
    if (!h5::has_hard_link(group, "features"))
      throw Refusal("slide '" + name + "' has no features");
    auto& slide = all["slides"][name];
    slide["features"] = to_json(group, "features", name + "/features", file_size);
    if (h5::has_hard_link(group, "coords"))
      slide["coords"] = to_json(group, "coords", name + "/coords", file_size);
  }
  return all;
}

Json ask(const std::filesystem::path& path) {
  const RawFile file(path);
  std::string reply;
  SandboxLimits limits;
  limits.memory += kMostReply;
  limits.seconds += 60;  // thousands of slides
  in_sandbox(
      file.name(), limits,
      [&](ChildPipe& pipe) {
        const std::string text = describe(file.name(), file.size()).dump();
        pipe.send(text.data(), text.size());
      },
      [&](uint64_t length) {
        if (length > kMostReply - reply.size())
          throw Error(file.name(), "has a description of more than 256 MiB");
        reply.resize(reply.size() + length);
        return reply.data() + reply.size() - length;
      });
  return Json::parse(reply);
}

PackedSlide to_slide(const std::filesystem::path& file, const std::string& name, const Json& json,
                     int64_t columns) {
  const auto& features = json.at("features");
  const std::vector<int64_t> dims = features.at("dims");
  const std::string type = features.at("type");
  if (type != "f16" && type != "f32")
    throw Error(file.string(), "slide '" + name + "' holds " + type + ", expected f16 or f32");
  if (dims[1] != columns)
    throw Error(file.string(), "slide '" + name + "' has another width than the first");
  PackedSlide slide;
  slide.name = name;
  slide.rows = dims[0];
  slide.dtype = type == "f16" ? Dtype::f16 : Dtype::f32;
  slide.address = features.at("address");
  slide.sha256 = features.at("attributes").value("sha256", "");
  slide.source = features.at("attributes").value("source", "");
  if (!json.contains("coords")) return slide;
  const auto& coords = json["coords"];
  const std::string coords_type = coords.at("type");
  if (coords.at("dims").get<std::vector<int64_t>>() != std::vector<int64_t>{dims[0], 2} ||
      (coords_type != "i64" && coords_type != "f32")) {
    throw Error(file.string(), "slide '" + name + "' has coordinates that do not fit its features");
  }
  slide.has_coords = true;
  slide.coords_dtype = coords_type == "i64" ? Dtype::i64 : Dtype::f32;
  slide.coords_address = coords.at("address");
  return slide;
}

at::Tensor load(const RawFile& file, uint64_t address, int64_t rows, int64_t columns, Dtype dtype) {
  at::Tensor tensor = at::empty({rows, columns}, scalar_type(dtype));
  file.read(address, tensor.data_ptr(), static_cast<uint64_t>(tensor.nbytes()));
  return tensor;
}

class Source final : public BagSource {
 public:
  explicit Source(const std::filesystem::path& file) : store_(file) {}
  bool has(const std::string& slide) const override { return store_.has(slide); }
  int64_t columns() const override { return store_.columns(); }
  int64_t rows(const std::string& slide) const override { return store_.slide(slide).rows; }
  at::Tensor read(const std::string& slide) const override { return store_.read(slide); }
  void verify(const std::string& slide) const override { store_.verify(slide); }
  at::Tensor coords(const std::string& slide) const override {
    return store_.slide(slide).has_coords ? store_.coords(slide) : at::Tensor();
  }
  bool synthetic() const override { return store_.synthetic(); }
  std::filesystem::path path() const override { return store_.path(); }
  std::vector<std::string> slides() const override {
    std::vector<std::string> names;
    for (const auto& slide : store_.slides()) names.push_back(slide.name);
    return names;
  }

 private:
  PackedStore store_;
};

}  // namespace packed

bool PackedStore::recognises(const std::filesystem::path& file) {
  return std::filesystem::is_regular_file(file) && is_hdf5(file) &&
         packed::ask(file)["attributes"].contains(packed::kMark);
}

PackedStore::PackedStore(const std::filesystem::path& file)
    : path_(file), raw_(std::make_shared<RawFile>(file)) {
  if (!is_hdf5(file)) refuse_unknown(*raw_);
  const Json all = packed::ask(file);
  const auto& attributes = all.at("attributes");
  if (!attributes.contains(packed::kMark))
    throw Error(file.string(), "is no packed file", "tractrix data pack makes one");
  if (attributes[packed::kMark] != packed::kVersion)
    throw Error(file.string(),
                "is a packed file of another version: " + attributes[packed::kMark].dump());
  encoder_ = attributes.value("encoder", "");
  synthetic_ = attributes.value("tractrix_synthetic", int64_t{0}) != 0;
  for (const auto& [name, json] : all.at("slides").items()) {
    if (columns_ == 0) columns_ = json.at("features").at("dims").at(1);
    index_[name] = slides_.size();
    slides_.push_back(packed::to_slide(file, name, json, columns_));
  }
  if (slides_.empty()) throw Error(file.string(), "holds no slide");
}

const PackedSlide& PackedStore::slide(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) throw Error(path_.string(), "holds no slide '" + name + "'");
  return slides_[found->second];
}

at::Tensor PackedStore::read(const std::string& name) const {
  const auto& about = slide(name);
  return packed::load(*raw_, about.address, about.rows, columns_, about.dtype);
}

at::Tensor PackedStore::coords(const std::string& name) const {
  const auto& about = slide(name);
  if (!about.has_coords) throw Error(path_.string(), "has no coordinates of slide '" + name + "'");
  return packed::load(*raw_, about.coords_address, about.rows, 2, about.coords_dtype);
}

void PackedStore::verify(const std::string& name) const {
  const at::Tensor values = read(name);
  const std::string_view bytes(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
  if (sha256(bytes) != slide(name).sha256) {
    throw Error(path_.string(), "slide '" + name + "' does not match its checksum: damaged",
                "pack the cohort again");
  }
}

std::shared_ptr<BagSource> open_packed(const std::filesystem::path& file) {
  return std::make_shared<packed::Source>(file);
}

}  // namespace tractrix::data
