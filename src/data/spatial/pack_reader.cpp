#include <algorithm>
#include <tuple>

#include "tractrix/core/raw_file.hpp"
#include "tractrix/data/spatial/spatial_pack.hpp"

namespace tractrix::spatial {
namespace {

constexpr const char* kMark = "tractrix_spatial";
constexpr const char* kViews[] = {"spot", "niche_image"};

[[noreturn]] void refuse(const h5::Tree& tree, const std::string& what) {
  throw Error(tree.file().string(), what, "pack the sections again");
}

// Offsets that ascend from 0 to `end`, count + 1 of them.
void check_offsets(const h5::Tree& tree, const std::string& where,
                   const std::vector<int64_t>& begin, size_t count, int64_t end) {
  if (begin.size() != count + 1 || begin.front() != 0 || begin.back() != end ||
      !std::is_sorted(begin.begin(), begin.end()))
    refuse(tree, "'" + where + "' has offsets that do not fit");
}

Niches to_niches(const h5::Tree& tree, const std::string& at, int64_t spots,
                 const std::vector<int64_t>& centre, const std::vector<int64_t>& begin,
                 const std::vector<int64_t>& member) {
  check_offsets(tree, at + "niche", begin, centre.size(), static_cast<int64_t>(member.size()));
  Niches niches;
  for (const auto* list : {&centre, &member})
    for (int64_t spot : *list)
      if (spot < 0 || spot >= spots)
        refuse(tree, "'" + at + "niche' names a spot that is not there");
  for (size_t i = 0; i < centre.size(); ++i)
    niches.members.emplace_back(member.begin() + begin[i], member.begin() + begin[i + 1]);
  niches.centres = centre;
  return niches;
}

template <class T>
std::pair<std::vector<T>, std::vector<T>> columns(const h5::Tree& tree, const h5::Array& array,
                                                  size_t rows, const std::vector<T>& values) {
  if (array.dims != std::vector<int64_t>{static_cast<int64_t>(rows), 2})
    refuse(tree, array.where + " does not have two values per spot");
  std::pair<std::vector<T>, std::vector<T>> both;
  for (size_t i = 0; i < values.size(); i += 2) {
    both.first.push_back(values[i]);
    both.second.push_back(values[i + 1]);
  }
  return both;
}

std::vector<std::string> paths_of(const h5::Tree& tree, const std::string& at,
                                  const std::vector<std::string>& labels) {
  std::vector<std::string> paths;
  for (const char* name : {"barcodes", "counts/begin", "counts/column", "counts/value", "totals",
                           "place", "niche/centre", "niche/begin", "niche/member"})
    paths.push_back(at + name);
  if (tree.has(at + "array")) paths.push_back(at + "array");
  for (const auto& name : labels) {
    paths.push_back(at + "labels/" + name + "/code");
    paths.push_back(at + "labels/" + name + "/names");
  }
  return paths;
}

}  // namespace

bool SpatialPack::recognises(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) return false;
  const RawFile raw(file);
  if (raw.size() < 8 || raw.text(0, 8) != std::string_view("\x89HDF\r\n\x1a\n", 8)) return false;
  return h5::Tree::read(file).attributes("").contains(kMark);
}

SpatialPack::SpatialPack(const std::filesystem::path& file)
    : tree_(h5::Tree::read(file)), raw_(std::make_shared<RawFile>(file)) {
  if (!attributes().contains(kMark))
    throw Error(file.string(), "is no pack of sections", "tractrix data st-pack makes one");
  if (attributes().at(kMark) != 1)
    throw Error(file.string(), "is a pack of another version: " + attributes().at(kMark).dump());
  genes_ = tree_.load_one("genes").texts;
  for (const auto& id : tree_.members("sections")) sections_.push_back(read_section(id));
  for (size_t k = 0; k < tree_.members("folds").size(); ++k) {
    const std::string at = "folds/" + std::to_string(k) + "/";
    const auto lists = tree_.load({at + "train", at + "validation", at + "test", at + "genes"});
    FoldGenes fold;
    fold.fold = {static_cast<int64_t>(k), lists.at(at + "train").texts,
                 lists.at(at + "validation").texts, lists.at(at + "test").texts};
    fold.choice.genes = lists.at(at + "genes").texts;
    fold.choice.sha256 = tree_.attribute("folds/" + std::to_string(k), "genes_sha256");
    folds_.push_back(std::move(fold));
  }
}

SpatialPack::Store SpatialPack::read_store(const std::string& group, size_t centres) const {
  Store store;
  store.begin = tree_.load_one(group + "/begin").integers();
  const auto bytes = tree_.dims(group + "/bytes");
  check_offsets(tree_, group, store.begin, centres, bytes.empty() ? -1 : bytes[0]);
  store.address = tree_.address(group + "/bytes");
  return store;
}

PackedSection SpatialPack::read_section(const std::string& id) {
  const std::string group = "sections/" + id, at = group + "/";
  std::vector<std::string> labels;
  if (tree_.is_group(at + "labels")) labels = tree_.members(at + "labels");
  const auto arrays = tree_.load(paths_of(tree_, at, labels));
  const auto integers = [&](const std::string& name) { return arrays.at(at + name).integers(); };
  PackedSection s;
  s.id = id;
  s.attributes = tree_.attributes(group);
  s.patient = tree_.attribute(group, "patient");
  s.barcodes = arrays.at(at + "barcodes").texts;
  const auto spots = static_cast<int64_t>(s.barcodes.size());
  s.counts = compressed(tree_.file().string() + ": '" + at + "counts'", spots,
                        static_cast<int64_t>(genes_.size()), integers("counts/begin"),
                        integers("counts/column"), arrays.at(at + "counts/value").numbers());
  s.totals = arrays.at(at + "totals").numbers();
  if (s.totals.size() != s.barcodes.size()) refuse(tree_, "'" + at + "totals' does not fit");
  const auto& place = arrays.at(at + "place");
  std::tie(s.x, s.y) = columns(tree_, place, s.barcodes.size(), place.numbers());
  if (const auto* array = arrays.find(at + "array"))
    std::tie(s.array_row, s.array_column) =
        columns(tree_, *array, s.barcodes.size(), array->integers());
  s.niches = to_niches(tree_, at, spots, integers("niche/centre"), integers("niche/begin"),
                       integers("niche/member"));
  for (const auto& name : labels) {
    const auto codes = integers("labels/" + name + "/code");
    s.labels[name] = {{codes.begin(), codes.end()},
                      arrays.at(at + "labels/" + name + "/names").texts};
  }
  auto& stores = stores_.emplace_back();
  for (const char* view : kViews)
    if (tree_.is_group(at + view)) stores.push_back(read_store(at + view, s.niches.centres.size()));
  return s;
}

bool SpatialPack::has(View view) const {
  return !stores_.empty() && stores_.front().size() > static_cast<size_t>(view);
}

Pixels SpatialPack::patch(size_t section, View view, int64_t centre) const {
  const auto& stores = stores_.at(section);
  if (static_cast<size_t>(view) >= stores.size())
    throw Error(tree_.file().string(), "holds no patches of niches");
  const auto& store = stores[static_cast<size_t>(view)];
  const auto from = store.begin.at(static_cast<size_t>(centre)),
             to = store.begin.at(static_cast<size_t>(centre) + 1);
  const std::string bytes =
      raw_->text(store.address + static_cast<uint64_t>(from), static_cast<uint64_t>(to - from));
  return decode(bytes, tree_.file().string() + ": section '" + sections_[section].id + "', patch " +
                           std::to_string(centre));
}

}  // namespace tractrix::spatial
