#include "feature_h5_describe.hpp"

#include "feature_h5_names.hpp"
#include "tractrix/core/raw_file.hpp"
#include "tractrix/h5/library.hpp"

namespace tractrix::data::hdf5 {
namespace describing {

constexpr size_t kMostMembers = 100000;
constexpr uint64_t kMostTextNow = uint64_t{4} << 20;  // longer lists are read when asked for

struct Members {
  std::vector<std::string> names;
  std::vector<bool> hard;
};

herr_t add_member(hid_t, const char* name, const H5L_info_t* info, void* data) {
  auto& found = *static_cast<Members*>(data);
  if (found.names.size() >= kMostMembers) return 1;
  found.names.emplace_back(name);
  found.hard.push_back(info->type == H5L_TYPE_HARD);
  return 0;
}

Members members_of(hid_t group) {
  Members found;
  hsize_t position = 0;
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &position, add_member, &found) < 0) {
    throw Refusal("has a damaged list of members");
  }
  return found;
}

std::string filter_name(H5Z_filter_t id) {
  return id == H5Z_FILTER_DEFLATE   ? "deflate"
         : id == H5Z_FILTER_SHUFFLE ? "shuffle"
         : id == h5::kLzf           ? "lzf"
                                    : "fletcher32";
}

Json to_json(const h5::Shape& shape) {
  Json filters = Json::array();
  for (const auto& filter : shape.filters) filters.push_back(filter_name(filter.id));
  return {{"dims", shape.dims},
          {"type", shape.type},
          {"swapped", shape.swapped},
          {"chunk", shape.chunk},
          {"filters", filters},
          {"bytes", shape.bytes},
          {"element", shape.element},
          {"address", shape.address},
          {"plain", shape.layout == H5D_CONTIGUOUS}};
}

// Where the data set's object header lies, when own code can read it: 8-byte addresses that count
// from the file's begin.
uint64_t header_of(hid_t file, hid_t dataset) {
  const h5::Handle plist(H5Fget_create_plist(file), H5Pclose, "has a damaged superblock");
  hsize_t block = 0;
  size_t addresses = 0, lengths = 0;
  if (H5Pget_userblock(plist, &block) < 0 || H5Pget_sizes(plist, &addresses, &lengths) < 0)
    return UINT64_MAX;
  if (block != 0 || addresses != 8 || lengths != 8) return UINT64_MAX;
#if H5_VERSION_GE(1, 12, 0)
  (void)dataset;  // objects have tokens there, and chunks of one row are read through the library
  return UINT64_MAX;
#else
  H5O_info_t info{};
  return H5Oget_info2(dataset, &info, H5O_INFO_BASIC) < 0 ? UINT64_MAX : info.addr;
#endif
}

class Description {
 public:
  Description(hid_t file, hid_t root, uint64_t file_size)
      : file_(file), root_(root), file_size_(file_size) {}

  bool add(hid_t group, const std::string& name, const std::string& shown) {
    if (!h5::has_hard_link(group, name)) return false;
    const h5::Handle dataset(h5::open_dataset(group, name), H5Dclose, "");
    const h5::Shape shape = h5::inspect(dataset, shown, file_size_);
    all["sets"][shown] = to_json(shape);
    all["sets"][shown]["header"] = header_of(file_, dataset);
    if (group == root_) all["attributes"][shown] = h5::attributes_of(dataset);
    const bool text = shape.type.rfind("text", 0) == 0;
    if (text && shape.bytes <= kMostTextNow)
      all["texts"][shown] = h5::text_of(dataset, shape, shown);
    return true;
  }

  // Groups of one level only: a walk ends even where hard links make a circle.
  void add_patients(const Members& members) {
    for (size_t i = 0; i < members.names.size(); ++i) {
      const auto& name = members.names[i];
      if (!members.hard[i]) continue;
      const h5::Handle object(H5Oopen(root_, name.c_str(), H5P_DEFAULT), H5Oclose,
                              "'" + printable(name) + "' is damaged");
      if (H5Iget_type(object) == H5I_GROUP && add(object, "features", name + "/features"))
        all["patients"].push_back(name);
    }
  }

  Json all = {{"members", Json::array()},
              {"patients", Json::array()},
              {"attributes", Json::object()},
              {"texts", Json::object()},
              {"sets", Json::object()}};

 private:
  hid_t file_, root_;
  uint64_t file_size_;
};

}  // namespace describing

Json describe(hid_t opened, uint64_t file_size) {
  const h5::Handle file(opened, H5Fclose, "");
  const h5::Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "has a damaged root group");
  const auto members = describing::members_of(root);
  describing::Description description(file, root, file_size);
  for (const auto& name : members.names) {
    if (!valid_utf8(name)) throw Refusal("has a member whose name is not valid UTF-8");
    description.all["members"].push_back(name);
  }
  description.all["attributes"]["/"] = h5::attributes_of(root);
  bool features = false;
  for (const char* name : kFeatureNames) features = features || description.add(root, name, name);
  const bool coords = description.add(root, kCoordsName, kCoordsName);
  for (const char* name : kTextNames) description.add(root, name, name);
  if (!features && !coords) description.add_patients(members);
  return description.all;
}

}  // namespace tractrix::data::hdf5
