// HDF5 feature files: what the sandbox found, judged and read.
#include <algorithm>
#include <mutex>

#include "feature_h5_describe.hpp"
#include "feature_h5_load.hpp"
#include "feature_h5_names.hpp"
#include "feature_source.hpp"
#include "tractrix/core/raw_file.hpp"
#include "tractrix/h5/library.hpp"

namespace tractrix::data {
namespace hdf5 {

class Source : public FeatureSource {
 public:
  Source(const std::filesystem::path& file, const Json& json);

  StoredValues values(const std::string& member) const override;
  at::Tensor coords() const override { return load(info.file, sets_.at(kCoordsName)).tensor; }
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
  Named<std::shared_ptr<const std::vector<std::string>>> texts_;
};

// One copy of a list that repeats from file to file, such as the genes of a cohort's bags.
std::shared_ptr<const std::vector<std::string>> shared_list(std::vector<std::string> list) {
  static std::mutex mutex;
  static std::weak_ptr<const std::vector<std::string>> last;
  const std::lock_guard<std::mutex> lock(mutex);
  auto known = last.lock();
  if (!known || *known != list) {
    known = std::make_shared<const std::vector<std::string>>(std::move(list));
    last = known;
  }
  return known;
}

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
  const auto& set = sets_.at(kCoordsName);
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
  for (const auto& [name, list] : json.at("texts").items())
    texts_[name] = shared_list(list.get<std::vector<std::string>>());
  info.members = json.at("patients");
  if (sets_.has(kCoordsName)) judge_coords();
  for (const char* name : kFeatureNames)
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

StoredValues Source::values(const std::string& member) const {
  if (member.empty()) return load(info.file, sets_.at(info.dataset));
  if (info.layout == "omics groups") return load(info.file, sets_.at(member + "/features"));
  const auto found = std::find(info.members.begin(), info.members.end(), member);
  if (found != info.members.end())
    return load_part(info.file, sets_.at(info.dataset), found - info.members.begin());
  refuse("holds no '" + member + "'");
}

std::vector<std::string> Source::texts(const std::string& dataset) const {
  if (const auto* known = texts_.find(dataset)) return **known;
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
      path, hdf5::ask(name, {}, [&] { return hdf5::describe(h5::open_safely(name), size); }));
}

std::vector<std::shared_ptr<FeatureSource>> open_hdf5(
    const std::vector<std::filesystem::path>& paths) {
  std::vector<std::shared_ptr<FeatureSource>> sources(paths.size());
  std::vector<std::unique_ptr<RawFile>> files;
  std::vector<size_t> places;  // of the files
  for (size_t i = 0; i < paths.size(); ++i) {
    try {
      files.push_back(std::make_unique<RawFile>(paths[i]));
      places.push_back(i);
    } catch (const Error&) {  // opening it alone says why
    }
  }
  if (files.empty()) return sources;
  const auto replies = in_one_sandbox(
      paths.front().string(), files.size(), {},
      [&](size_t i, ChildPipe& pipe) {
        const RawFile& file = *files[i];
        const std::string text =
            hdf5::describe(h5::open_safely(file.descriptor(), file.size()), file.size()).dump();
        pipe.send(text.data(), text.size());
      },
      hdf5::kMostReply);
  for (size_t k = 0; k < files.size(); ++k) {
    const auto& path = paths[places[k]];
    try {
      if (replies[k])
        sources[places[k]] = std::make_shared<hdf5::Source>(path, Json::parse(*replies[k]));
    } catch (const Error&) {  // what it is comes from opening the file alone
    } catch (const Json::exception&) {
    }
  }
  return sources;
}

}  // namespace tractrix::data
