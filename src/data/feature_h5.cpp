// HDF5 feature files: what the sandbox found, judged and read.
#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "feature_bytes.hpp"
#include "feature_h5_describe.hpp"
#include "feature_h5_index.hpp"
#include "feature_h5_library.hpp"
#include "feature_h5_names.hpp"
#include "feature_source.hpp"
#include "tractrix/tensor/safetensors_io.hpp"

namespace tractrix::data {
namespace hdf5 {

constexpr uint64_t kMostReply = uint64_t{64} << 20;

struct TypeName {
  const char* name;
  Dtype dtype;
};
constexpr TypeName kTypeNames[] = {{"f16", Dtype::f16}, {"bf16", Dtype::bf16}, {"f32", Dtype::f32},
                                   {"f64", Dtype::f64}, {"i8", Dtype::i8},     {"i16", Dtype::i16},
                                   {"i32", Dtype::i32}, {"i64", Dtype::i64},   {"u8", Dtype::u8},
                                   {"u16", Dtype::u16}, {"u32", Dtype::u32},   {"u64", Dtype::u64}};

// A data set's description, out of the sandbox.
struct Set {
  std::string path, type;
  std::vector<int64_t> dims, chunk;
  std::vector<std::string> filters;
  bool swapped = false, plain = false;
  uint64_t bytes = 0, element = 0, address = 0, header = 0;

  bool text() const { return type.rfind("text", 0) == 0; }
  bool real() const { return type == "f16" || type == "bf16" || type == "f32" || type == "f64"; }
  Dtype dtype() const {
    for (const auto& row : kTypeNames)
      if (type == row.name) return row.dtype;
    throw std::logic_error("a data set type without a dtype: " + type);
  }
};

Set to_set(const std::string& path, const Json& json) {
  Set set{path, json.at("type"), json.at("dims"), json.at("chunk"), json.at("filters")};
  set.swapped = json.at("swapped");
  set.plain = json.at("plain");
  set.bytes = json.at("bytes");
  set.element = json.at("element");
  set.address = json.at("address");
  set.header = json.at("header");
  return set;
}

std::string shape_text(const std::vector<int64_t>& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + std::to_string(dims[i]);
  return text + "]";
}

// The reply of a work that makes Json.
Json ask(const std::string& file, const SandboxLimits& limits, const std::function<Json()>& work) {
  std::string reply;
  in_sandbox(
      file, limits,
      [&](ChildPipe& pipe) {
        const std::string text = work().dump();
        pipe.send(text.data(), text.size());
      },
      [&](uint64_t length) {
        if (length > kMostReply - reply.size())
          throw Error(file, "has a description of more than 64 MiB");
        reply.resize(reply.size() + length);
        return reply.data() + reply.size() - length;
      });
  return Json::parse(reply);
}

// Inside the sandbox: opens "a/b" link by link and inspects it.
template <class Use>
void with_set(const std::string& file, uint64_t size, const std::string& path, const Use& use) {
  const h5::Handle id(h5::open_safely(file), H5Fclose, "");
  const auto slash = path.find('/');
  const std::string group = slash == std::string::npos ? "/" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (slash != std::string::npos && !h5::has_hard_link(id, group))
    throw Refusal("'" + group + "' is gone");
  const h5::Handle holder(H5Gopen2(id, group.c_str(), H5P_DEFAULT), H5Gclose,
                          "'" + group + "' is damaged");
  if (!h5::has_hard_link(holder, name)) throw Refusal("'" + path + "' is gone");
  const h5::Handle dataset(h5::open_dataset(holder, name), H5Dclose, "");
  use(dataset, h5::inspect(dataset, path, size));
}

void swap_bytes(char* bytes, uint64_t count, uint64_t element) {
  for (uint64_t i = 0; i < count; ++i) std::reverse(bytes + i * element, bytes + (i + 1) * element);
}

// Bands and up to three copies of a chunk are held at once.
SandboxLimits limits_for(const Set& set) {
  uint64_t chunk = set.element, band = set.element;
  for (int64_t n : set.chunk) chunk *= static_cast<uint64_t>(n);
  for (size_t i = 0; i < set.dims.size(); ++i) {
    const bool first = i == 0 && !set.chunk.empty();
    band *= static_cast<uint64_t>(first ? std::min(set.chunk[0], set.dims[0]) : set.dims[i]);
  }
  SandboxLimits limits;
  limits.memory += std::min(band, set.bytes) + 4 * chunk;
  limits.seconds += set.bytes / (20u << 20);
  return limits;
}

void stream(const std::string& file, uint64_t size, const Set& set, char* to) {
  uint64_t filled = 0;
  in_sandbox(
      file, limits_for(set),
      [&](ChildPipe& pipe) {
        with_set(file, size, set.path, [&](hid_t dataset, const h5::Shape& shape) {
          h5::send_values(dataset, shape, set.path,
                          [&](const std::string& part) { pipe.send(part.data(), part.size()); });
        });
      },
      [&](uint64_t length) {
        if (length > set.bytes - filled) throw Error(file, "changed while it was read");
        filled += length;
        return to + filled - length;
      });
  if (filled != set.bytes) throw Error(file, "changed while it was read");
}

// Chunks that are whole rows without filters, as TRIDENT, CLAM and MMP write them.
std::optional<h5::RowChunks> whole_row_chunks(const Set& set) {
  const size_t rank = set.dims.size();
  if (set.header == UINT64_MAX || !set.filters.empty() || set.chunk.size() != rank || rank < 2 ||
      rank > 3)
    return {};
  if (rank == 3 && (set.dims[0] != 1 || set.chunk[0] != 1)) return {};
  if (set.chunk[rank - 1] != set.dims[rank - 1]) return {};
  return h5::RowChunks{
      static_cast<uint64_t>(set.dims[rank - 2]), static_cast<uint64_t>(set.chunk[rank - 2]),
      static_cast<uint64_t>(set.dims[rank - 1]) * set.element, set.element, static_cast<int>(rank)};
}

bool read_rows(const RawFile& file, const Set& set, char* to) {
  const auto chunks = whole_row_chunks(set);
  if (!chunks) return false;
  const auto addresses = h5::row_chunk_addresses(file, set.header, *chunks);
  if (addresses) h5::read_row_chunks(file, *chunks, *addresses, to);
  return addresses.has_value();
}

at::Tensor load(const std::filesystem::path& path, const Set& set) {
  const RawFile file(path);
  auto tensor = at::empty(set.dims, scalar_type(set.dtype()));
  if (static_cast<uint64_t>(tensor.nbytes()) != set.bytes)
    throw Error(file.name(), "has a damaged description");
  if (set.bytes == 0) return tensor;
  auto* bytes = static_cast<char*>(tensor.data_ptr());
  if (set.plain) {
    file.read(set.address, bytes, set.bytes);
  } else if (!read_rows(file, set, bytes)) {
    stream(file.name(), file.size(), set, bytes);
  }
  if (set.swapped) swap_bytes(bytes, set.bytes / set.element, set.element);
  return tensor;
}

class Source : public FeatureSource {
 public:
  Source(const std::filesystem::path& file, const Json& json);

  at::Tensor values(const std::string& member) const override;
  at::Tensor coords() const override { return load(info.file, sets_.at(h5::kCoordsName)); }
  std::vector<std::string> texts(const std::string& dataset) const override;

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& hint = {}) const {
    throw Error(info.file.string(), what, hint);
  }
  void judge_features(const std::string& name);
  void judge_vector(const std::string& name);
  void judge_coords();
  void judge_genes(const std::string& name);
  void judge_cohort();
  void name_layout();
  std::string attribute(const std::string& object, const std::string& name) const;

  Named<Set> sets_;
};

std::string Source::attribute(const std::string& object, const std::string& name) const {
  if (!info.attributes.contains(object) || !info.attributes[object].contains(name)) return {};
  const auto& value = info.attributes[object][name];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void Source::judge_vector(const std::string& name) {
  const auto& set = sets_.at(name);
  info.kind = "vector";
  info.rows = 1;
  info.columns = set.dims[0];
  if (!info.has_coords) return;
  const int64_t patches = info.coords_shape[info.coords_shape.size() - 2];
  if (set.dims[0] == 0 && patches == 0) {  // TRIDENT's slide without a patch
    info.kind = "bag";
    info.rows = 0;
  } else if (set.dims[0] == patches && attribute(name, "savetodir").empty()) {
    refuse("'" + name + "' has one dimension, " + shape_text(set.dims) + ", beside " +
           std::to_string(patches) + " coordinates; a bag is [patches, width]");
  }
}

void Source::judge_coords() {
  const auto& set = sets_.at(h5::kCoordsName);
  if (set.text()) refuse("'coords' holds text");
  const size_t rank = set.dims.size();
  const bool shaped = (rank == 2 || (rank == 3 && set.dims[0] == 1)) && set.dims[rank - 1] == 2;
  if (!shaped) refuse("'coords' has shape " + shape_text(set.dims) + ", expected [patches, 2]");
  info.has_coords = true;
  info.coords_shape = set.dims;
  info.coords_dtype = set.dtype();
}

void Source::judge_genes(const std::string& name) {
  const auto& genes = sets_.at("gene_names");
  if (!genes.text() || genes.dims.size() != 1) refuse("'gene_names' is no list of text");
  if (sets_.has("case_ids") && info.stored_shape.size() == 3) {
    const auto& cases = sets_.at("case_ids");
    if (!cases.text() || cases.dims != std::vector<int64_t>{info.stored_shape[0]}) {
      refuse("'case_ids' is no list of " + std::to_string(info.stored_shape[0]) + " texts");
    }
    info.kind = "omics_cohort";
    info.layout = "omics stacked";
    info.rows = info.stored_shape[1];
    info.columns = info.stored_shape[2];
    info.members = texts("case_ids");
  } else {
    info.kind = "omics_bag";
    info.layout = "omics";
  }
  if (genes.dims[0] != info.rows) {
    refuse("'" + name + "' has " + std::to_string(info.rows) + " rows, 'gene_names' " +
           std::to_string(genes.dims[0]));
  }
  for (const auto& text : info.texts)
    if (text != "gene_names") texts(text);  // names must be readable before anyone trusts the file
  texts("gene_names");
}

void Source::judge_features(const std::string& name) {
  const auto& set = sets_.at(name);
  if (set.text()) refuse("'" + name + "' holds text, no numbers");
  if (!set.real()) {
    refuse("'" + name + "' holds integers (" + set.type +
               "); features are never guessed from integers",
           "save them as float16 or float32");
  }
  info.dataset = name;
  info.stored_shape = set.dims;
  info.dtype = set.dtype();
  info.chunk = set.chunk;
  info.filters = set.filters;
  info.kind = "bag";
  if (set.dims.size() == 1) return judge_vector(name);
  const bool bag = set_bag_shape(info);
  if (sets_.has("gene_names")) return judge_genes(name);
  if (!bag)
    refuse("'" + name + "' has shape " + shape_text(set.dims) + ", expected [patches, width]");
  if (!info.has_coords) return;
  const int64_t patches = info.coords_shape[info.coords_shape.size() - 2];
  if (patches != info.rows) {
    refuse("'" + name + "' has " + std::to_string(info.rows) + " rows, 'coords' " +
               std::to_string(patches),
           "the writer was stopped between the two: extract this slide again");
  }
}

void Source::judge_cohort() {
  info.kind = "omics_cohort";
  info.layout = "omics groups";
  const auto& first = sets_.at(info.members.front() + "/features");
  for (const auto& member : info.members) {
    const auto& set = sets_.at(member + "/features");
    if (!set.real() || set.dims.size() != 2 || set.dims != first.dims || set.type != first.type) {
      refuse("'" + set.path + "' is " + set.type + " " + shape_text(set.dims) +
             ", the first patient's is " + first.type + " " + shape_text(first.dims));
    }
  }
  info.stored_shape = first.dims;
  info.dtype = first.dtype();
  set_bag_shape(info);
  if (sets_.has("gene_names")) {
    const auto genes = static_cast<int64_t>(texts("gene_names").size());
    if (genes != info.rows)
      refuse("'features' has " + std::to_string(info.rows) + " rows, 'gene_names' " +
             std::to_string(genes));
  }
}

void Source::name_layout() {
  info.encoder = attribute(info.dataset, "encoder");
  for (const char* name : {"extractor", "encoder"})
    if (info.encoder.empty()) info.encoder = attribute("/", name);
  if (info.encoder == "None") info.encoder.clear();  // TRIDENT's text for "not known"
  info.synthetic =
      attribute("/", "tractrix_synthetic") == "true" || attribute("/", "tractrix_synthetic") == "1";
  if (!info.layout.empty()) return;
  const bool trident = !attribute("coords", "patch_size_level0").empty() ||
                       !attribute(info.dataset, "savetodir").empty();
  info.layout = info.dataset == "feats" || info.dataset == "patch_embeddings" ? "stamp"
                : trident                                                     ? "trident"
                : info.stored_shape.size() == 3                               ? "mmp"
                : info.has_coords                                             ? "clam"
                                                                              : "hdf5";
}

Source::Source(const std::filesystem::path& file, const Json& json) {
  info.file = file;
  info.format = "hdf5";
  info.attributes = json.at("attributes");
  for (const auto& [name, set] : json.at("sets").items()) {
    sets_[name] = to_set(name, set);
    if (sets_.at(name).text()) info.texts.push_back(name);
  }
  info.members = json.at("patients");
  if (sets_.has(h5::kCoordsName)) judge_coords();
  for (const char* name : h5::kFeatureNames)
    if (sets_.has(name) && info.kind.empty()) judge_features(name);
  if (info.kind.empty() && info.has_coords) info.kind = "coords";
  if (info.kind.empty() && !info.members.empty()) judge_cohort();
  if (info.kind.empty()) {
    const std::vector<std::string> members = json.at("members");
    refuse(members.empty()
               ? "holds nothing"
               : "holds no data set of a known name; there are: " + enumerate(members, 12),
           "known are features, feats, patch_embeddings and coords");
  }
  name_layout();
}

at::Tensor Source::values(const std::string& member) const {
  if (member.empty()) return load(info.file, sets_.at(info.dataset));
  if (info.layout == "omics groups") return load(info.file, sets_.at(member + "/features"));
  for (size_t i = 0; i < info.members.size(); ++i)
    if (info.members[i] == member)
      return load(info.file, sets_.at(info.dataset))[static_cast<int64_t>(i)].clone();
  refuse("holds no '" + member + "'");
}

std::vector<std::string> Source::texts(const std::string& dataset) const {
  const auto* set = sets_.find(dataset);
  if (!set || !set->text())
    refuse("holds no texts '" + dataset + "'; there are: " + enumerate(info.texts, 12));
  const RawFile raw(info.file);
  const std::string file = raw.name();
  SandboxLimits limits;
  limits.memory += 4 * set->bytes;
  return ask(file, limits, [&] {
    Json all;
    with_set(file, raw.size(), dataset,
             [&](hid_t id, const h5::Shape& shape) { all = h5::text_of(id, shape, dataset); });
    return all;
  });
}

}  // namespace hdf5

bool is_hdf5(const std::filesystem::path& path) {
  const RawFile file(path);
  constexpr std::string_view kSignature{"\x89HDF\r\n\x1a\n", 8};
  // At 0, or after a user block of 512, 1024, 2048 ... bytes.
  for (uint64_t at = 0; file.holds(at, 8); at = at == 0 ? 512 : at * 2)
    if (file.text(at, 8) == kSignature) return true;
  return false;
}

std::shared_ptr<FeatureSource> open_hdf5(const std::filesystem::path& path) {
  const RawFile file(path);
  const std::string name = file.name();
  const uint64_t size = file.size();
  return std::make_shared<hdf5::Source>(
      path, hdf5::ask(name, {}, [&] { return h5::describe(name, size); }));
}

}  // namespace tractrix::data
