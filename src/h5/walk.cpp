#include "walk.hpp"

#include <algorithm>

#include "records.hpp"
#include "tractrix/core/raw_file.hpp"

namespace tractrix::h5 {
namespace walking {

constexpr size_t kMostNodes = 20000, kDeepest = 6;

struct Links {
  std::vector<std::string> names;
  std::vector<bool> hard;
};

herr_t add_link(hid_t, const char* name, const H5L_info_t* info, void* data) {
  auto& links = *static_cast<Links*>(data);
  if (links.names.size() > kMostNodes) return -1;
  links.names.emplace_back(name);
  links.hard.push_back(info->type == H5L_TYPE_HARD);
  return 0;
}

class Walker {
 public:
  explicit Walker(uint64_t size) : size_(size) {}
  Json nodes = Json::object();

  void group(hid_t id, const std::string& path, size_t depth) {
    Links links;
    hsize_t position = 0;
    if (H5Literate(id, H5_INDEX_NAME, H5_ITER_NATIVE, &position, add_link, &links) < 0)
      throw Refusal("has a damaged or overlong list of members");
    Json& node = nodes[path];
    node["attributes"] = attributes_of(id);
    node["members"] = Json::array();
    for (const auto& name : links.names) {
      if (!valid_utf8(name)) throw Refusal("has a member whose name is not valid UTF-8");
      nodes[path]["members"].push_back(name);
    }
    for (size_t i = 0; i < links.names.size(); ++i) {
      const std::string inner = path.empty() ? links.names[i] : path + "/" + links.names[i];
      if (++seen_ > kMostNodes) throw Refusal("has more than 20000 members");
      try {
        if (!links.hard[i]) throw Refusal("'" + inner + "' is a link; links are never followed");
        member(id, links.names[i], inner, depth);
      } catch (const Refusal& refusal) {  // only a file that needs this member is refused
        nodes[inner] = {{"refused", refusal.what()}, {"attributes", Json::object()}};
      }
    }
  }

 private:
  void member(hid_t parent, const std::string& name, const std::string& path, size_t depth) {
    const Handle object(H5Oopen(parent, name.c_str(), H5P_DEFAULT), H5Oclose,
                        "'" + path + "' cannot be opened: damaged");
    if (H5Iget_type(object) == H5I_GROUP) {
      if (depth < kDeepest) group(object, path, depth + 1);
    } else if (H5Iget_type(object) == H5I_DATASET) {
      dataset(object, path);
    } else {
      throw Refusal("'" + path + "' is no data set");
    }
  }

  void dataset(hid_t id, const std::string& path) {
    Json node = {{"attributes", attributes_of(id)}};
    if (is_records(id)) {
      node["fields"] = describe_records(id, path, size_);
    } else {
      const Shape shape = inspect(id, path, size_, kTreeRules);
      node["dims"] = shape.dims;
      node["type"] = shape.type;
      node["bytes"] = shape.bytes;
      if (shape.layout == H5D_CONTIGUOUS && shape.bytes > 0) node["address"] = shape.address;
    }
    nodes[path] = std::move(node);
  }

  uint64_t size_;
  size_t seen_ = 0;
};

void send_texts(const std::vector<std::string>& texts, const Emit& emit) {
  std::string all;
  for (const auto& text : texts) {
    all += text.substr(0, text.find('\0'));
    all += '\0';
  }
  if (!all.empty()) emit(all);
}

void send_one(hid_t id, const std::string& path, uint64_t size, const Emit& emit) {
  const Shape shape = inspect(id, path, size, kTreeRules);
  if (shape.type.rfind("text", 0) == 0) return send_texts(text_of(id, shape, path), emit);
  send_values(id, shape, path, [&](const std::string& part) {
    if (!shape.swapped) return emit(part);
    std::string native = part;
    for (uint64_t i = 0; i + shape.element <= native.size(); i += shape.element) {
      const auto first = native.begin() + static_cast<std::ptrdiff_t>(i);
      std::reverse(first, first + static_cast<std::ptrdiff_t>(shape.element));
    }
    emit(native);
  });
}

// Link by link: a soft link on the way would be followed by the library otherwise.
void with_object(hid_t parent, const std::string& path, const std::function<void(hid_t)>& use) {
  const auto slash = path.find('/');
  const std::string name = path.substr(0, slash);
  if (!has_hard_link(parent, name)) throw Refusal("'" + path + "' is gone");
  const Handle object(H5Oopen(parent, name.c_str(), H5P_DEFAULT), H5Oclose,
                      "'" + name + "' is damaged");
  if (slash == std::string::npos) return use(object);
  with_object(object, path.substr(slash + 1), use);
}

}  // namespace walking

Json walk(const std::string& path, uint64_t size) {
  const Handle file(open_safely(path), H5Fclose, "");
  const Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "has a damaged root group");
  walking::Walker walker(size);
  walker.group(root, "", 0);
  return walker.nodes;
}

void send_arrays(const std::string& path, uint64_t size, const std::vector<std::string>& paths,
                 const Emit& emit) {
  register_lzf();
  const Handle file(open_safely(path), H5Fclose, "");
  const Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "has a damaged root group");
  for (const auto& wanted : paths) {
    const auto at = wanted.find('@');
    walking::with_object(root, wanted.substr(0, at), [&](hid_t object) {
      if (at == std::string::npos) return walking::send_one(object, wanted, size, emit);
      send_field(object, wanted.substr(at + 1), wanted, size, emit);
    });
  }
}

}  // namespace tractrix::h5
